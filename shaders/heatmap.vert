#version 330 core
// One quad a picture, the pictures of a grid as instances; `cell` runs over the texels of the picture's part of the texture,
// `place` is the point in px, y down.
uniform vec4 box;       // of the first picture: x, y, width, height in px
uniform vec2 screen;    // size of the target in px
uniform vec2 cells;     // columns, rows that the box shows, in texels
uniform ivec2 texels;   // columns, rows of each part of the texture
uniform vec2 pitch;     // px from a picture to the next, across and down
uniform int pictures;   // side by side
out vec2 cell;
out vec2 place;
flat out ivec4 part;  // first and last texel of the picture

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    ivec2 picture = ivec2(gl_InstanceID % pictures, gl_InstanceID / pictures);
    ivec2 first = picture * texels;
    part = ivec4(first, first + texels - 1);
    place = box.xy + vec2(picture) * pitch + corner * box.zw;
    vec2 at = place / screen * 2.0 - 1.0;
    gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
    cell = vec2(first) + corner * cells;
}
