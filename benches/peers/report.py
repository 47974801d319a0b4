"""The tables that the script prints."""

import execute


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells))


def least(row, name):
    return min(one[name] for one in row["rounds"])


def print_times(measured):
    print("\ntime: least of the rounds; tokens are GPT-2's, ours are PyPrior's")
    head = "peer|compile ms|µs/token|median|p99|cold|idle calls|tokens/program|µs/program"
    rows = [(head + "|ours ns/token|ours tokens|ours µs|ratio|in rounds").split("|")]
    for label, row in measured.items():
        compile_seconds = least(row, "compile_seconds")
        ratios = [one["program_us"] / one["own_program_us"] for one in row["rounds"]]
        rows.append(
            [
                label,
                f"{compile_seconds * 1e3:.1f}",
                *(f"{least(row, n + '_us'):.1f}" for n in ("token", "median", "p99", "cold_token")),
                f"{least(row, 'idle_us'):.2f}",
                f"{row['tokens'] / row['programs']:.1f}",
                f"{least(row, 'program_us'):.0f}",
                f"{least(row, 'own_token_us') * 1e3:.1f}",
                f"{row['own_tokens'] / row['programs']:.1f}",
                f"{least(row, 'own_program_us'):.2f}",
                f"{least(row, 'program_us') / least(row, 'own_program_us'):.0f}",
                f"{min(ratios):.0f}..{max(ratios):.0f}",
            ]
        )
    table(rows)
    own = min(least(row, "own_compile_seconds") for row in measured.values())
    print(f"  PyPrior compiles its language in {own * 1e3:.2f} ms")


def print_outcomes(results):
    print("\nwhat gets through: programs of each outcome under CPython, 1 s each")
    shown = [name for name in execute.OUTCOMES if any(row[name] for row in results.values())]
    rows = [["", *shown]]
    rows += [[label, *(str(row[name]) for name in shown)] for label, row in results.items()]
    table(rows)
