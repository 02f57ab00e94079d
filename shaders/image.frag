#version 330 core
uniform sampler2D picture;  // bilinear
uniform float opacity;
in vec2 at;
out vec4 color;

void main() {
    color = vec4(texture(picture, at).rgb, opacity);
}
