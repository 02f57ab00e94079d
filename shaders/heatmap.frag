#version 330 core
// A matrix as one texture: each value is normalised here and looked up in the colormap, the same table that exports use.
uniform sampler2D values;    // R32F, one texel a cell
uniform sampler2D colormap;  // 256 x 1
uniform vec2 limits;         // low, high
uniform int bend;            // 0 linear, 1 square root, 2 logarithm over four decades
uniform vec2 cell_size;      // px
uniform float gap;           // px at the right and lower edge of each cell
uniform vec4 gap_color, hatch_color, masked_ground;
in vec2 cell;
out vec4 color;

float bent(float t) {
    if (bend == 1) return sqrt(t);
    if (bend == 2) return t <= 0.0 ? 0.0 : max(0.0, 1.0 + log(t) / log(10.0) / 4.0);
    return t;
}

// viz/colormap.hpp, Normalization: symmetric limits bend on both sides of zero.
float normalised(float v) {
    if (!(limits.y > limits.x)) return 0.0;
    if (limits.x < 0.0 && limits.y == -limits.x) {
        float t = clamp(v / limits.y, -1.0, 1.0);
        return 0.5 + 0.5 * sign(t) * bent(abs(t));
    }
    return bent(clamp((v - limits.x) / (limits.y - limits.x), 0.0, 1.0));
}

void main() {
    ivec2 size = textureSize(values, 0);
    ivec2 at = clamp(ivec2(floor(cell)), ivec2(0), size - 1);
    vec2 inside = fract(cell) * cell_size;
    float value = texelFetch(values, at, 0).r;
    if (isnan(value) || isinf(value)) {
        bool line = mod(gl_FragCoord.x + gl_FragCoord.y, 6.0) < 1.5;
        color = line ? hatch_color : masked_ground;
    } else {
        color = texelFetch(colormap, ivec2(int(normalised(value) * 255.0 + 0.5), 0), 0);
    }
    if (gap > 0.0 && (inside.x > cell_size.x - gap || inside.y > cell_size.y - gap)) color = gap_color;
}
