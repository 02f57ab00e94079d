#version 330 core
// One quad: a picture in its box; `at` is the place in the texture.
uniform vec4 box;     // x, y, width, height in px, y down
uniform vec2 screen;  // size of the target in px
uniform vec2 reach;   // how far the picture goes in the texture, whose last pixels may stand for fewer than the others
out vec2 at;

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    at = corner * reach;
    vec2 place = (box.xy + corner * box.zw) / screen * 2.0 - 1.0;
    gl_Position = vec4(place.x, -place.y, 0.0, 1.0);
}
