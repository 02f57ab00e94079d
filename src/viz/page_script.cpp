#include "viz/page.hpp"

namespace saccade {

const std::string_view page_script = R"js('use strict';
(() => {
const data = JSON.parse(document.getElementById('saccade-data').textContent);
const svgNamespace = 'http://www.w3.org/2000/svg';
const byId = (id) => document.getElementById(id);
const views = [...document.querySelectorAll('figure')].map((element, n) => ({
  element, svg: element.querySelector('svg'), drawn: element.querySelector('.drawn'), lights: element.querySelector('.lights'),
  json: data.figures[n], asked: element.querySelector('.drawn').innerHTML, variant: data.figures[n].variants[0], at: {},
}));
// Of a text with places, {} in order or {0} by number, with these values.
const texts = data.texts;
const filled = (text, ...values) => { let n = 0; return text.replace(/\{(\d*)\}/g, (_, at) => values[at === '' ? n++ : at]); };
const state = {dark: data.dark, hovered: null, pinned: null, opacity: null};

// Numbers

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const planes = data.planes.map((plane) => {
  let read = null;
  return {...plane, get read() {
    if (!read) {
      const masked = plane.masked ? bytes(plane.masked) : null;
      read = {values: new Float32Array(bytes(plane.values).buffer), isMasked: (i) => masked !== null && masked[i] === 1};
    }
    return read;
  }};
});

// Four decimals, ties to even: what printf("%.4f") writes.
function fixed4(value) {
  if (Object.is(value, -0)) return '-0.0000';
  const text = value.toFixed(4), exact = Math.abs(value).toFixed(60), cut = exact.indexOf('.') + 5;
  if (exact.includes('e') || !/^50*$/.test(exact.slice(cut))) return text;
  const down = exact.slice(0, cut), sign = value < 0 ? '-' : '';
  return Number(down[cut - 1]) % 2 === 0 ? sign + down : text;
}
function numberText(plane, i) {
  const value = plane.read.values[i], masked = plane.read.isMasked(i);
  if (!Number.isFinite(value)) return texts.masked;
  return masked ? filled(texts.valueMasked, fixed4(value)) : fixed4(value);
}
// Where a position on the plane's axis `n` is among those that it holds; -1: it is not.
function indexOn(plane, n, position) {
  const of = plane.of[n];
  return of ? of.indexOf(position) : position;
}

// Colours, as the program has them

function share(map, value) {
  if (!Number.isFinite(value)) return NaN;
  const {low, high} = map;
  if (!(high > low)) return 0;
  const bend = (t) => map.scale === 'sqrt' ? Math.sqrt(t) : map.scale === 'log' ? (t <= 0 ? 0 : Math.max(0, 1 + Math.log10(t) / 4)) : t;
  const within = (t, least) => Math.min(1, Math.max(least, t));
  if (low < 0 && high === -low) {
    const t = within(value / high, -1);
    return 0.5 + 0.5 * Math.sign(t) * bend(Math.abs(t));
  }
  return bend(within((value - low) / (high - low), 0));
}
const channels = (hex) => [1, 3, 5, 7].map((at) => parseInt(hex.slice(at, at + 2) || 'ff', 16));
function colorOf(map, value, opacity) {
  const t = share(map, value), {colors, diverging} = data.colormaps[map.colormap], off = 1e-4 * (map.high - map.low);
  let color = channels(map.ground);
  if (!Number.isNaN(t)) {
    const strength = diverging ? Math.abs(2 * t - 1) : t;
    if (strength < map.threshold) return [0, 0, 0, 0];
    const entry = Math.floor(Math.min(1, Math.max(0, t)) * 255 + 0.5) * 6;
    color = map.over && map.high > map.low && value > map.high + off ? channels(map.over)
      : map.under && map.high > map.low && value < map.low - off ? channels(map.under)
      : channels('#' + colors.slice(entry, entry + 6));
    if (map.fades) opacity *= Math.sqrt(Math.min(1, Math.max(0, strength)));
  }
  color[3] = Math.round(color[3] * opacity);
  return color;
}

function make(name, attributes, parent) {
  const element = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}
const isMasked = (plane, i) => plane.read.isMasked(i) || !Number.isFinite(plane.read.values[i]);
function paint(group, map) {
  const plane = planes[map.plane], {rows, cols} = plane, [x, y, w, h] = map.box, opacity = map.overPicture ? state.opacity ?? map.opacity : map.opacity;
  const colors = Array.from({length: rows * cols}, (_, i) => colorOf(map, isMasked(plane, i) ? NaN : plane.read.values[i], opacity));
  group.replaceChildren();
  if (rows * cols <= 2500 && !map.smooth) {
    const cells = make('g', {'shape-rendering': 'crispEdges'}, group);
    colors.forEach(([r, g, b, a], i) => {
      if (a > 0) make('rect', {x: x + (i % cols) * w / cols, y: y + Math.floor(i / cols) * h / rows, width: w / cols - map.gap,
        height: h / rows - map.gap, fill: `rgb(${r},${g},${b})`, 'fill-opacity': a / 255}, cells);
    });
  } else {
    const canvas = Object.assign(document.createElement('canvas'), {width: cols, height: rows});
    const context = canvas.getContext('2d'), pixels = context.createImageData(cols, rows);
    colors.forEach((color, i) => pixels.data.set(color, i * 4));
    context.putImageData(pixels, 0, 0);
    make('image', {x, y, width: w, height: h, preserveAspectRatio: 'none', href: canvas.toDataURL(),
      style: 'image-rendering:' + (map.smooth ? 'auto' : 'pixelated')}, group);
    let lines = '';
    for (let c = 1; c <= cols; ++c) lines += `M${x + c * w / cols - map.gap / 2} ${y}v${h}`;
    for (let r = 1; r <= rows; ++r) lines += `M${x} ${y + r * h / rows - map.gap / 2}h${w}`;
    if (map.gap > 0 && !map.smooth) make('path', {d: lines, stroke: map.gapColor, 'stroke-width': map.gap, 'stroke-opacity': opacity}, group);
  }
  let hatched = '';
  for (let i = 0; i < rows * cols; ++i)
    if (isMasked(plane, i)) hatched += `M${x + (i % cols) * w / cols} ${y + Math.floor(i / cols) * h / rows}h${w / cols - map.gap}v${h / rows - map.gap}h${map.gap - w / cols}z`;
  if (hatched) {
    const id = 'hatch' + map.hatch.slice(1), pattern = byId(id) ?? make('pattern', {id, width: 5, height: 5, patternUnits: 'userSpaceOnUse'},
      document.querySelector('.shared defs'));
    if (!pattern.firstChild) make('path', {d: 'M-1 1L1 -1M0 5L5 0M4 6L6 4', stroke: map.hatch, 'stroke-width': 1}, pattern);
    make('path', {d: hatched, fill: `url(#${id})`, class: 'masked'}, group);
  }
}

// Figures

function variantAt(view) {
  const wanted = view.json.choices.map((axis) => view.at[axis]);
  return view.json.variants.find((v) => v.at.every((at, i) => at === wanted[i])) ?? null;
}
function draw(view) {
  const found = variantAt(view);
  view.element.toggleAttribute('data-absent', found === null);
  view.variant = found ?? view.variant;
  const look = state.dark ? view.variant.dark : view.variant.light;
  if (view.variant === view.json.variants[0] && state.dark === data.dark && state.opacity === null) {
    view.drawn.innerHTML = view.asked;
  } else {
    view.drawn.innerHTML = look.items.map((i) => view.json.strings[i]).join('');
    for (const group of view.drawn.querySelectorAll('[data-map]')) paint(group, look.maps[group.dataset.map]);
  }
  view.lines = [...view.drawn.querySelectorAll('[data-ends]')].map((element) => ({
    element, ends: element.dataset.ends.split(' ').map((end) => end.split(':').map(Number))}));
  view.svg.setAttribute('aria-label', view.variant.title);
}
function drawAll() {
  document.documentElement.dataset.theme = state.dark ? 'dark' : 'light';
  byId('theme').textContent = state.dark ? texts.light : texts.dark;
  views.forEach(draw);
  for (const key of ['hovered', 'pinned']) {
    // Another head may be laid out otherwise: what is pointed at must still be there.
    const cell = state[key], region = cell && regionOf(cell);
    if (cell && !(region && cell.row < region.rows && cell.col < region.cols)) state[key] = null;
  }
  light();
}

// What is pointed at: {view, region, row, col}, and the position on each axis that this is

const regionsOf = (view) => view.json.regions[view.variant.regions];
const regionOf = (cell) => regionsOf(cell.view)[cell.region];
function marksOf(cell) {
  const region = regionOf(cell), marks = new Map(region.fixed);
  if (region.row !== undefined) marks.set(region.row, region.rowMap ? region.rowMap[cell.row] : cell.row);
  if (region.col !== undefined) marks.set(region.col, region.colMap ? region.colMap[cell.col] : cell.col);
  return marks;
}
function cellAt(view, event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(view.svg.getScreenCTM().inverse());
  const regions = regionsOf(view);
  for (let n = regions.length - 1; n >= 0; --n) {
    const {box: [x, y, w, h], rows, cols} = regions[n];
    if (point.x < x || point.y < y || point.x >= x + w || point.y >= y + h) continue;
    return {view, region: n, row: Math.floor((point.y - y) / h * rows), col: Math.floor((point.x - x) / w * cols)};
  }
  return null;
}
const same = (a, b) => a !== null && b !== null && a.view === b.view && a.region === b.region && a.row === b.row && a.col === b.col;

function place(map, position) {
  return position === undefined ? -1 : map ? map.indexOf(position) : position;
}
function lightRegion(group, region, marks) {
  if (region.fixed.some(([axis, at]) => marks.has(axis) && marks.get(axis) !== at)) return;
  const [x, y, w, h] = region.box, cw = w / region.cols, ch = h / region.rows;
  const row = region.row === undefined ? -1 : place(region.rowMap, marks.get(region.row));
  const col = region.col === undefined ? -1 : place(region.colMap, marks.get(region.col));
  const rect = (kind, left, top, width, height) => make('rect', {class: kind, x: left, y: top, width, height}, group);
  const onRow = row >= 0 && row < region.rows, onCol = col >= 0 && col < region.cols;
  const flat = region.rows === 1 || region.cols === 1;
  if (flat && (onRow || onCol) && !region.map) {
    rect('name', x + (onCol ? col * cw : 0), y + (onRow ? row * ch : 0), onCol ? cw : w, onRow ? ch : h);
    return;
  }
  const whole = flat && region.map && (onRow || onCol);  // of a map in a row of maps, or a matrix of one row
  if (whole) for (const kind of ['edge', 'ring']) rect(kind, x + Math.max(0, col) * cw, y + Math.max(0, row) * ch, cw, ch);
  if (whole) return;
  if (onRow) rect('band', x, y + row * ch, w, ch);
  if (onCol) rect('band', x + col * cw, y, cw, h);
  if (onRow && onCol) for (const kind of ['edge', 'ring']) rect(kind, x + col * cw, y + row * ch, cw, ch);
}
// The head that the other figures show, among the heads of a grid.
function lightChosen(view) {
  const group = make('g', {class: 'chosen'}, view.lights);
  for (const region of regionsOf(view)) {
    const fixed = region.fixed.every(([axis, at]) => standing(axis) === at), at = region.col === undefined ? undefined : standing(region.col);
    const col = place(region.colMap, at), [x, y, w, h] = region.box, cw = w / region.cols;
    if (fixed && col >= 0 && region.rows === 1)
      for (const kind of ['edge', 'ring']) make('rect', {class: kind, x: x + col * cw, y, width: cw, height: h}, group);
  }
}
function light() {
  const shown = state.hovered ?? state.pinned, lit = shown ? marksOf(shown) : new Map();
  for (const view of views) {
    view.lights.replaceChildren();
    lightChosen(view);
    for (const [name, cell] of [['pinned', state.pinned], ['hovered', state.hovered]]) {
      if (!cell || (name === 'hovered' && same(cell, state.pinned))) continue;
      const group = make('g', {class: name}, view.lights), marks = marksOf(cell);
      for (const region of regionsOf(view)) lightRegion(group, region, marks);
    }
    for (const {element, ends} of view.lines) {
      const known = ends.filter(([axis]) => lit.has(axis));
      element.classList.toggle('off', known.length > 0 && known.some(([axis, at]) => lit.get(axis) !== at));
    }
  }
  say(shown);
}

// The readout

function write(parent, text, kind) {
  const element = document.createElement('bdi');
  element.textContent = text;
  if (kind) element.className = kind;
  parent.append(element);
}
function say(cell) {
  const readout = byId('readout');
  readout.replaceChildren();
  const absent = views.find((view) => view.element.hasAttribute('data-absent'));
  if (absent) write(readout, filled(texts.absent, absent.json.choices.map((axis) => data.axes[axis].places[absent.at[axis]]).join(', ')), 'quiet');
  if (!cell) return write(readout, texts.point, 'quiet');
  const view = cell.view, id = view.variant.planes[cell.region], marks = marksOf(cell), plane = id >= 0 && planes[id].axes ? planes[id] : null;
  write(readout, plane ? plane.title : view.variant.title, same(cell, state.pinned) ? 'kept' : '');
  view.json.choices.forEach((axis, i) => write(readout, data.axes[axis].places[view.variant.at[i]], 'quiet'));
  for (const [axis, at] of marks) write(readout, data.axes[axis].places[at]);
  for (const other of views)
    for (const [axis, at] of other.json.stays)
      if (marks.has(axis) && marks.get(axis) !== at) write(readout, filled(texts.stays, other.variant.title, data.axes[axis].places[at]), 'quiet');
  if (!plane) return;
  const at = plane.axes.map((axis, n) => marks.has(axis) ? indexOn(plane, n, marks.get(axis)) : undefined);
  if (at.includes(-1)) return;
  const index = (a) => plane.axes.length === 1 ? a[0] : a[0] * plane.cols + a[1];
  const open = at.indexOf(undefined);
  if (open < 0) return write(readout, numberText(plane, index(at)), 'number');
  // A token: where most of it goes.
  const most = 4, n = open === 0 && plane.axes.length === 2 ? plane.rows : plane.cols;
  const entries = Array.from({length: n}, (_, i) => [i, index(at.map((a, axis) => axis === open ? i : a))])
    .filter(([, i]) => !isMasked(plane, i))
    .sort((a, b) => Math.abs(plane.read.values[b[1]]) - Math.abs(plane.read.values[a[1]]));
  for (const [i, cellIndex] of entries.slice(0, most)) {
    const position = plane.of[open] ? plane.of[open][i] : i;
    const entry = html('span', readout, {className: 'entry'});
    write(entry, data.axes[plane.axes[open]].places[position], 'quiet');
    write(entry, numberText(plane, cellIndex), 'number');
  }
}

// Hands

// Figures of several heads stay at theirs until a reader chooses: then all go there.
const axes = new Set(views.flatMap((view) => view.json.choices));
function stand(axis, at) {
  for (const view of views) if (axis in view.at) view.at[axis] = at;
}
function standing(axis) {
  const found = new Set(views.flatMap((view) => axis in view.at ? [view.at[axis]] : []));
  return found.size === 1 ? [...found][0] : undefined;
}
function choose(axis, at) {
  stand(axis, at);
  for (const update of choices) update();
  drawAll();
}
const positions = (axis) => {
  const found = new Set();
  for (const view of views) {
    const n = view.json.choices.indexOf(axis);
    if (n >= 0) view.json.variants.forEach((v) => found.add(v.at[n]));
  }
  return [...found].sort((a, b) => a - b);
};
function html(name, parent, properties = {}) {
  const element = Object.assign(document.createElement(name), properties);
  parent.append(element);
  return element;
}
const choices = [];
function addChoice(axis) {
  const {title, labels, places, numbered} = data.axes[axis], all = positions(axis), most = 12;
  const box = html('fieldset', byId('choices'), {className: 'choice'});
  box.setAttribute('aria-label', title);
  html('span', box, {textContent: title, dir: 'auto'});
  if (numbered && all.length <= most) {
    const segments = html('div', box, {className: 'segments'});
    const buttons = all.map((at) => html('button', segments, {type: 'button', textContent: labels[at], title: places[at], onclick: () => choose(axis, at)}));
    choices.push(() => buttons.forEach((button, i) => button.setAttribute('aria-pressed', all[i] === standing(axis))));
  } else {
    const select = html('select', box, {onchange: () => choose(axis, Number(select.value))});
    for (const at of all) html('option', select, {value: at, textContent: places[at]});
    choices.push(() => { select.value = standing(axis) ?? ''; });
  }
}
function addOpacity() {
  const map = views.flatMap((view) => view.variant.light.maps).find((m) => m.overPicture);
  if (!map) return;
  const box = html('label', byId('choices'), {className: 'choice'});
  html('span', box, {textContent: texts.opacity});
  html('input', box, {type: 'range', min: 0, max: 1, step: 0.05, value: map.opacity, id: 'opacity', oninput: (event) => {
    state.opacity = Number(event.target.value);
    drawAll();
  }});
}
function pin(cell) {
  state.pinned = same(cell, state.pinned) ? null : cell;
  const marks = state.pinned ? marksOf(cell) : new Map();
  for (const [axis, at] of marks) stand(axis, at);
  for (const update of choices) update();
  drawAll();
}
function move(view, down, across) {
  const regions = regionsOf(view);
  if (!state.pinned || state.pinned.view !== view) {
    const cells = regions.map((r) => r.rows * r.cols), region = cells.indexOf(Math.max(...cells));
    return region < 0 ? undefined : pin({view, region, row: 0, col: 0});
  }
  const {region, row, col} = state.pinned, {rows, cols} = regions[region];
  const next = {view, region, row: Math.min(rows - 1, Math.max(0, row + down)), col: Math.min(cols - 1, Math.max(0, col + across))};
  if (!same(next, state.pinned)) pin(next);
}
for (const view of views) {
  view.svg.addEventListener('pointermove', (event) => {
    const cell = cellAt(view, event);
    if (same(cell, state.hovered) || (!cell && !state.hovered)) return;
    state.hovered = cell;
    light();
  });
  view.svg.addEventListener('pointerleave', () => { state.hovered = null; light(); });
  view.svg.addEventListener('click', (event) => pin(cellAt(view, event)));
  view.svg.addEventListener('keydown', (event) => {
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [0, 0]}[event.key];
    if (!step) return;
    event.preventDefault();
    state.hovered = null;
    move(view, ...step);
  });
  view.json.choices.forEach((axis, i) => { view.at[axis] = view.json.variants[0].at[i]; });
}
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  state.pinned = state.hovered = null;
  light();
});
for (const axis of axes) if (positions(axis).length > 1) addChoice(axis);
addOpacity();
for (const update of choices) update();
byId('theme').hidden = false;
byId('theme').onclick = () => { state.dark = !state.dark; drawAll(); };
const prefers = matchMedia('(prefers-color-scheme: dark)');
state.dark = prefers.matches;
prefers.addEventListener('change', () => { state.dark = prefers.matches; drawAll(); });
let before = null;
addEventListener('beforeprint', () => { before = state.dark; state.dark = false; drawAll(); });
addEventListener('afterprint', () => { state.dark = before ?? state.dark; drawAll(); });
drawAll();
})();
)js";

}  // namespace saccade
