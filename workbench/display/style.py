"""The card's style: JupyterLab's own colours, with fallbacks for viewers that have none."""

from __future__ import annotations

CSS = """
.wb-card{--wb-ink:var(--jp-ui-font-color1,#212121);--wb-soft:var(--jp-ui-font-color2,#616161);
--wb-line:var(--jp-border-color2,#e0e0e0);--wb-fill:var(--jp-layout-color2,#f2f2f2);--wb-brand:var(--jp-brand-color1,#1976d2);
--wb-good:var(--jp-success-color1,#388e3c);--wb-bad:var(--jp-error-color1,#d32f2f);--wb-warn:var(--jp-warn-color1,#c66900);
box-sizing:border-box;max-width:760px;margin:4px 0;padding:10px 12px;border:1px solid var(--wb-line);border-radius:6px;
color:var(--wb-ink);background:var(--jp-layout-color1,transparent);font-family:var(--jp-ui-font-family,system-ui,sans-serif);
font-size:13px;line-height:1.45;font-variant-numeric:tabular-nums}
.wb-card *{box-sizing:border-box}
.wb-head{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px}
.wb-name{font-weight:600;overflow-wrap:anywhere}
.wb-soft{color:var(--wb-soft)}
.wb-time{margin-left:auto;color:var(--wb-soft);white-space:nowrap}
.wb-pill{display:inline-flex;align-items:center;gap:6px;font-weight:600;white-space:nowrap}
.wb-pill::before{content:"";width:8px;height:8px;border-radius:50%;background:currentColor}
.wb-finished{color:var(--wb-good)}.wb-failed{color:var(--wb-bad)}.wb-running{color:var(--wb-brand)}
.wb-starting,.wb-queued{color:var(--wb-warn)}.wb-stopped{color:var(--wb-soft)}
.wb-bar{height:4px;margin:8px 0 2px;border-radius:2px;background:var(--wb-fill);overflow:hidden}
.wb-bar>i{display:block;height:100%;border-radius:2px;background:var(--wb-brand)}
.wb-row{display:flex;justify-content:space-between;gap:10px;color:var(--wb-soft);font-size:12px}
.wb-metrics{display:flex;flex-wrap:wrap;gap:8px 20px;margin-top:8px}
.wb-metric{min-width:132px}
.wb-metric b{display:flex;justify-content:space-between;gap:8px;font-weight:400;color:var(--wb-soft)}
.wb-metric b span{color:var(--wb-ink);font-weight:600}
.wb-curve{display:block;color:var(--wb-brand);margin-top:2px}
.wb-workers{width:auto!important;margin:8px 0 0!important;border-collapse:collapse;
font-size:12px!important;border:0!important}
.wb-workers th,.wb-workers td{padding:1px 16px 1px 0!important;text-align:right!important;border:0!important;
background:none!important;white-space:nowrap}
.wb-workers th{color:var(--wb-soft);font-weight:400!important}
.wb-workers th:first-child,.wb-workers td:first-child{text-align:left!important}
.wb-say{margin-top:8px;padding:6px 10px;border-left:3px solid var(--wb-line);background:var(--wb-fill);
border-radius:0 4px 4px 0;overflow-wrap:anywhere}
.wb-say.wb-bad{border-color:var(--wb-bad)}.wb-say.wb-hold{border-color:var(--wb-warn)}
.wb-say code,.wb-card code{font-family:var(--jp-code-font-family,monospace);font-size:12px;background:none;padding:0}
.wb-card pre.wb-trace{margin:6px 0 0!important;padding:0!important;background:none!important;border:0;
white-space:pre-wrap;overflow-wrap:anywhere;font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.4;color:var(--wb-ink)}
.wb-card details{margin-top:6px}.wb-card summary{cursor:pointer;color:var(--wb-soft);font-size:12px}
.wb-best{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px;margin-top:8px}
.wb-value{font-size:20px;font-weight:600;line-height:1.2}
.wb-chip{padding:0 7px;border-radius:9px;background:var(--wb-fill);font-size:12px;overflow-wrap:anywhere}
.wb-chip b{font-weight:600}
.wb-counts{display:flex;flex-wrap:wrap;gap:2px 14px;margin-top:6px;font-size:12px}
.wb-counts .wb-pill{font-weight:400;color:var(--wb-soft)}
.wb-counts .wb-finished::before{background:var(--wb-good)}.wb-counts .wb-failed::before{background:var(--wb-bad)}
.wb-counts .wb-running::before{background:var(--wb-brand)}.wb-counts .wb-queued::before{background:var(--wb-warn)}
.wb-history{display:block;width:100%;height:auto;margin-top:8px}
.wb-history text{fill:var(--wb-soft);font-size:11px}
.wb-history .wb-grid{stroke:var(--wb-line);stroke-width:1;stroke-dasharray:2 3}
.wb-history .wb-dots{fill:var(--wb-soft);opacity:.55}
.wb-history .wb-climb{fill:none;stroke:var(--wb-brand);stroke-width:2;stroke-linejoin:round}
.wb-trials{width:100%!important}.wb-trials td{vertical-align:middle!important}
.wb-trials .wb-params{max-width:300px;overflow:hidden;text-overflow:ellipsis;text-align:left!important;
color:var(--wb-soft)}
.wb-list{margin:0!important;border-collapse:collapse;font-size:12.5px;font-variant-numeric:tabular-nums}
.wb-list td,.wb-list th{text-align:left!important;padding:3px 14px 3px 0!important;white-space:nowrap}
.wb-list td.wb-num,.wb-list th.wb-num{text-align:right!important}
"""


def style() -> str:
    """The style element; harmless when it is there more than once."""
    return f"<style>{CSS}</style>"
