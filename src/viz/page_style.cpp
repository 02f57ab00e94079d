#include "viz/page.hpp"

namespace saccade {

const std::string_view page_style = R"css(
* { box-sizing: border-box; }
body { margin: 0; background: var(--background); color: var(--text); font: 15px/22px system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; min-height: 48px; padding: 8px 16px;
  background: var(--panel); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 2; }
h1 { font-size: 15px; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
header span, figcaption, dt, .hint, label { color: var(--secondary); }
header span { font-size: 13px; overflow-wrap: anywhere; }
.shared { position: absolute; }
#theme { margin-left: auto; }
#choices { margin-left: 12px; display: flex; flex-wrap: wrap; gap: 8px 16px; }
.choice { display: flex; align-items: center; gap: 8px; border: 0; margin: 0; padding: 0; min-width: 0; font-size: 13px; }
.choice > span { color: var(--secondary); }
.segments { display: flex; flex-wrap: wrap; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
button, select { font: inherit; font-size: 13px; color: var(--text); background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; padding: 3px 10px; min-height: 28px; }
.segments button { border: 0; border-radius: 0; min-width: 30px; padding: 3px 8px; }
.segments button[aria-pressed=true] { background: var(--accent-ground); color: var(--text); font-weight: 600;
  box-shadow: inset 0 -2px var(--accent); }
button:hover { background: var(--raised); }
select { max-width: 220px; }
input[type=range] { accent-color: var(--accent); width: 130px; }
.canvas svg:focus:not(:focus-visible) { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
main { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, auto)); justify-content: center; align-items: start;
  gap: 14px; padding: 14px; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 12px; position: relative;
  min-width: 0; }
figcaption { font-weight: 600; color: var(--text); }
.canvas { overflow-x: auto; }
.canvas svg { display: block; width: min(var(--shown), 100%); min-width: calc(var(--width) * 0.5);
  margin: 0 auto; height: auto; cursor: crosshair; touch-action: pan-x pan-y; }
figure { --shown: min(max(calc(var(--width) * 1.5), 300px), max(var(--width), calc((100vh - 160px) * var(--ratio))));
  width: calc(var(--shown) + 26px); max-width: 100%; }
.lights { pointer-events: none; }
.lights rect { fill: none; vector-effect: non-scaling-stroke; }
.lights .edge { stroke: var(--panel); stroke-width: 4px; }
.lights .band { stroke: var(--light); stroke-width: 1px; }
.lights .ring { stroke: var(--light); stroke-width: 2px; }
.lights .name { fill: var(--light); fill-opacity: 0.2; }
.hovered { --light: var(--accent); }
.pinned, .chosen { --light: var(--selection); }
[data-ends].off { opacity: 0.06; }
[data-ends] { transition: opacity 120ms; }
output { position: sticky; bottom: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 18px; min-height: 44px;
  padding: 10px 16px; background: var(--panel); border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
output bdi { overflow-wrap: anywhere; }
output .entry { display: inline-flex; flex-wrap: wrap; gap: 0 8px; }
output .number { font: 14px/22px ui-monospace, monospace; font-variant-numeric: tabular-nums; font-weight: 600; }
output .kept { color: var(--selection); font-weight: 600; }
output .quiet { color: var(--secondary); }
section { max-width: 860px; margin: 0 auto; padding: 8px 16px 32px; }
h2 { font-size: 13px; font-weight: 600; margin: 20px 0 6px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 18px; margin: 0; font-size: 13px; line-height: 20px; }
dt, dd { margin: 0; overflow-wrap: anywhere; }
dt { max-width: 220px; }
.note { border-left: 3px solid var(--selection); padding: 2px 10px; margin: 12px 0; }
.hint { font-size: 13px; }
@media (max-width: 760px) {
  main { grid-template-columns: minmax(0, 1fr); padding: 8px; gap: 8px; }
  figure { padding: 6px; width: auto; }
  dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: 6px; }
  header { position: static; }
  #choices { margin-left: 0; order: 1; width: 100%; }
}
@media (min-width: 1300px) { main.pair { grid-template-columns: repeat(2, minmax(0, auto)); } }
@media (prefers-reduced-motion: reduce) { [data-ends] { transition: none; } }
@media print {
  body { background: #fff; }
  #choices, #theme, output, .hint { display: none; }
  header { position: static; border: 0; }
  figure { border: 0; break-inside: avoid; width: auto; }
  .canvas { overflow: visible; }
  .canvas svg { width: min(var(--width), 100%); min-width: 0; }
}
)css";

}  // namespace saccade
