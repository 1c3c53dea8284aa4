"""Figures, and the three forms in which they are told."""

import dataclasses
import html
import json

from .programs import OUT


@dataclasses.dataclass
class Figure:
    case: str
    metric: str
    unit: str
    ours: float
    peer: str
    theirs: float
    goal: str = ""  # such as ">= 20" for the ratio

    @property
    def ratio(self):
        """How many times theirs ours is."""
        return self.ours / self.theirs if self.theirs else None


def compare(case, ours, peer, theirs, goal=""):
    """CPU per GB, speed and memory of two runs that both report messages and bytes."""
    figures = []
    for metric, unit, value in (
        ("cpu", "CPU-s/GB", lambda r: r["cpu_seconds"] / (r["bytes"] / 1e9)),
        ("throughput", "MB/s", lambda r: r["bytes"] / 1e6 / r["seconds"]),
        ("peak memory", "MB", lambda r: r["max_rss_kb"] / 1e3),
    ):
        figures.append(
            Figure(
                case,
                metric,
                unit,
                value(ours),
                peer,
                value(theirs),
                goal if metric == "cpu" else "",
            )
        )
    return figures


def save(figures):
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "results.jsonl", "w", encoding="utf-8") as file:
        for f in figures:
            line = {k: v for k, v in dataclasses.asdict(f).items() if k != "goal"}
            file.write(json.dumps({**line, "ratio": f.ratio}) + "\n")
    (OUT / "report.html").write_text(page(figures), encoding="utf-8")


def show(figures):
    head = ("case", "metric", "unit", "ours", "peer", "theirs", "ours/theirs", "goal")
    rows = [head] + [
        (f.case, f.metric, f.unit, f"{f.ours:,.2f}", f.peer, f"{f.theirs:,.2f}", _ratio(f), f.goal)
        for f in figures
    ]
    widths = [max(len(r[i]) for r in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    print(f"\nwritten: {OUT}/results.jsonl, {OUT}/report.html")


def _ratio(figure):
    return "" if figure.ratio is None else f"{figure.ratio:.3f}"


def _bar(label, value, most, colour):
    width = 420 * value / most if most else 0
    return (
        f'<div class="row"><span class="label">{html.escape(label)}</span>'
        f'<span class="bar" style="width:{width:.1f}px;background:{colour}"></span>'
        f" {value:,.2f}</div>"
    )


def page(figures):
    """One plot for each case and metric: ours and every peer as bars."""
    groups = {}
    for f in figures:
        groups.setdefault((f.case, f.metric, f.unit), []).append(f)
    parts = []
    for (case, metric, unit), members in groups.items():
        most = max(max(f.ours, f.theirs) for f in members)
        bars = [_bar("Ferrule", members[0].ours, most, "#2563eb")]
        bars += [_bar(f.peer, f.theirs, most, "#9ca3af") for f in members]
        parts.append(f"<h2>{html.escape(case)}: {metric} ({unit})</h2>" + "".join(bars))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Ferrule benchmarks</title>'
        "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;"
        "max-width:46rem;padding:0 1rem}"
        "h2{font-size:1rem;margin:1.5rem 0 .3rem}.row{white-space:nowrap}"
        ".label{display:inline-block;width:11rem}.bar{display:inline-block;height:.8em;border-radius:2px}"
        "</style><h1>Ferrule benchmarks</h1>"
        "<p>Each figure of ours and its peers come from the same run.</p>" + "".join(parts)
    )
