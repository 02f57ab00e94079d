#version 330 core
// One quad; `cell` runs from (0, 0) at the upper left to (columns, rows), `place` is the point in px, y down.
uniform vec4 box;     // x, y, width, height in px
uniform vec2 screen;  // size of the target in px
uniform vec2 cells;   // columns, rows in texels
out vec2 cell;
out vec2 place;

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    place = box.xy + corner * box.zw;
    vec2 at = place / screen * 2.0 - 1.0;
    gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
    cell = corner * cells;
}
