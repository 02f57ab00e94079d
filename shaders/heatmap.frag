#version 330 core
// A matrix as one texture: each value is normalised here and looked up in the colormap, the same table that exports use.
uniform sampler2D values;    // R32F, one texel a cell, or a block of cells where they are much smaller than a pixel
uniform sampler2D colormap;  // 256 x 1
uniform vec2 limits;         // low, high
uniform vec2 cell_size;      // px a texel
uniform float gap;           // px at the right and lower edge of each cell
uniform vec4 gap_color, hatch_color, masked_ground, over_color, under_color;
uniform float hatch_spacing;  // px, along x
uniform float opacity;        // of all but the hatching
uniform float threshold;      // of the colour scale: below it nothing is painted
uniform int fades;            // does opacity fall to 0 with the value?
uniform int diverging;        // is the middle of the colour scale its zero?
in vec2 cell;
in vec2 place;
flat in ivec4 part;
out vec4 color;

// What does not change within a picture is fixed when the program is made (FINE, BEND, SYMMETRIC, SMOOTH, TRANSLUCENT, GAP, BEYOND,
// MASKS), since a software rasteriser runs both sides of every branch for every pixel.

bool is_masked(float v) {
#if MASKS
    return (floatBitsToInt(v) & 0x7f800000) == 0x7f800000;  // NaN or infinite; compilers take v - v for 0
#else
    return false;
#endif
}

float bent(float t) {
#if BEND == 1
    return sqrt(t);
#elif BEND == 2
    return t <= 0.0 ? 0.0 : max(0.0, 1.0 + log(t) / log(10.0) / 4.0);
#else
    return t;
#endif
}

// viz/colormap.hpp, Normalization: symmetric limits bend on both sides of zero.
float normalised(float v) {
#if SYMMETRIC
    float t = clamp(v / limits.y, -1.0, 1.0);
    return 0.5 + 0.5 * sign(t) * bent(abs(t));
#else
    return limits.y > limits.x ? bent(clamp((v - limits.x) / (limits.y - limits.x), 0.0, 1.0)) : 0.0;
#endif
}

// Mean of the finite texels under this pixel: one where cells are larger than pixels (FINE), at most 3 x 3 otherwise.
float value_here(out bool masked) {
#if FINE
    float v = texelFetch(values, clamp(ivec2(cell), part.xy, part.zw), 0).r;
    masked = is_masked(v);
#if SMOOTH
    vec2 at = cell - 0.5;
    ivec2 from = ivec2(floor(at));
    vec2 f = at - floor(at);
    float sum = 0.0, n = 0.0;
    for (int i = 0; i < 4; ++i) {
        ivec2 step = ivec2(i & 1, i >> 1);
        float u = texelFetch(values, clamp(from + step, part.xy, part.zw), 0).r;
        vec2 w = mix(1.0 - f, f, vec2(step));
        if (is_masked(u)) continue;
        sum += w.x * w.y * u;
        n += w.x * w.y;
    }
    v = sum / n;
#endif
    return masked ? 0.0 : v;
#else
    vec2 reach = max(vec2(0.0), 0.5 / cell_size - 0.5) * step(cell_size, vec2(0.999));
    ivec2 from = clamp(ivec2(floor(cell - reach)), part.xy, part.zw);
    ivec2 to = clamp(ivec2(floor(cell + reach)), from, min(from + 2, part.zw));
    float sum = 0.0, n = 0.0;
    for (int y = from.y; y <= to.y; ++y)
        for (int x = from.x; x <= to.x; ++x) {
            float v = texelFetch(values, ivec2(x, y), 0).r;
            if (is_masked(v)) continue;
            sum += v;
            n += 1.0;
        }
#if MASKS
    masked = n == 0.0;
#else
    masked = false;
#endif
    return masked ? 0.0 : sum / n;
#endif
}

void main() {
    bool masked;
    float value = value_here(masked);
    if (masked) {
        float line = mod(place.x + place.y + 0.5, hatch_spacing) < hatch_spacing * 0.2 ? hatch_color.a : 0.0;
#if TRANSLUCENT
        float under = masked_ground.a * opacity * (1.0 - line), whole = line + under;
        color = vec4((hatch_color.rgb * line + masked_ground.rgb * under) / max(whole, 0.001), whole);
#else
        color = vec4(mix(masked_ground.rgb, hatch_color.rgb, line), 1.0);
#endif
    } else {
        float t = normalised(value);
        color = texelFetch(colormap, ivec2(int(t * 255.0 + 0.5), 0), 0);
#if BEYOND
        float slack = 1e-4 * (limits.y - limits.x);  // Normalization::above, below
        if (value > limits.y + slack) color = over_color;
        if (value < limits.x - slack) color = under_color;
#endif
#if TRANSLUCENT
        float share = diverging != 0 ? abs(2.0 * t - 1.0) : t;
        color.a = share < threshold ? 0.0 : opacity * (fades != 0 ? sqrt(share) : 1.0);
#endif
    }
#if GAP
    vec2 inside = fract(cell) * cell_size;
    if (inside.x > cell_size.x - gap || inside.y > cell_size.y - gap) {
        color = gap_color;
#if TRANSLUCENT
        color.a *= opacity;
#endif
    }
#endif
}
