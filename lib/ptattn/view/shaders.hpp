#pragma once

namespace ptattn::view {

/// A point becomes a ball: a disc of pixels whose depth bulges towards the eye.
inline constexpr const char* kPointVertexShader = R"(#version 330
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 color;
uniform mat4 view;
uniform mat4 projection;
uniform float diameter;  // in the cloud's unit
uniform float scale;     // pixels of one unit at distance one
uniform float smallest;  // pixels
out vec3 point_color;
out float eye_z;
out float radius;
void main() {
  vec4 eye = view * vec4(position, 1.0);
  gl_Position = projection * eye;
  gl_PointSize = clamp(diameter * scale / max(-eye.z, 1e-6), smallest, 255.0);
  point_color = color;
  eye_z = eye.z;
  radius = 0.5 * gl_PointSize * -eye.z / scale;
}
)";

inline constexpr const char* kPointFragmentShader = R"(#version 330
in vec3 point_color;
in float eye_z;
in float radius;
uniform mat4 projection;
uniform float shaded;
out vec4 result;
void main() {
  vec2 place = 2.0 * gl_PointCoord - 1.0;
  float square = dot(place, place);
  if (square > 1.0) discard;
  float bulge = sqrt(1.0 - square);
  float z = eye_z + radius * bulge;
  gl_FragDepth = 0.5 + 0.5 * (projection[2][2] * z + projection[3][2]) / -z;
  result = vec4(point_color * mix(1.0, 0.70 + 0.30 * bulge, shaded), 1.0);
}
)";

/// A triangle that covers everything.
inline constexpr const char* kScreenVertexShader = R"(#version 330
void main() {
  gl_Position = vec4(4.0 * float(gl_VertexID & 1) - 1.0, 2.0 * float(gl_VertexID & 2) - 1.0, 0.0, 1.0);
}
)";

/// Eye-dome lighting: a place is darkened by as much as the places around it are nearer,
///   exp(-k sum max(0, log2 d - log2 d_i) / 8)
/// and the mean over the samples of a pixel is taken.
inline constexpr const char* kEdgeFragmentShader = R"(#version 330
uniform sampler2D color;
uniform sampler2D depth;
uniform int samples;
uniform float near;
uniform float far;
uniform float strength;
out vec4 result;
float log_distance(ivec2 at) {
  float d = texelFetch(depth, clamp(at, ivec2(0), textureSize(depth, 0) - 1), 0).r;
  return log2(near * far / (far - d * (far - near)));
}
vec3 lit(ivec2 at) {
  vec3 own = texelFetch(color, at, 0).rgb;
  if (texelFetch(depth, at, 0).r >= 1.0) return own;
  float here = log_distance(at);
  float sum = 0.0;
  for (int i = 0; i < 8; ++i) {
    float angle = 0.785398163 * float(i);
    ivec2 offset = ivec2(round(1.5 * float(samples) * vec2(cos(angle), sin(angle))));
    sum += max(0.0, here - log_distance(at + offset));
  }
  return own * exp(-strength * min(sum / 8.0, 0.02));
}
void main() {
  vec3 sum = vec3(0.0);
  ivec2 corner = ivec2(gl_FragCoord.xy) * samples;
  for (int y = 0; y < samples; ++y) {
    for (int x = 0; x < samples; ++x) sum += lit(corner + ivec2(x, y));
  }
  result = vec4(sum / float(samples * samples), 1.0);
}
)";

/// A canvas, whose rows count from the top, over the part of the picture whose lower left pixel is
/// `corner`.
inline constexpr const char* kOverlayFragmentShader = R"(#version 330
uniform sampler2D canvas;
uniform ivec2 corner;
out vec4 result;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy) - corner;
  result = texelFetch(canvas, ivec2(at.x, textureSize(canvas, 0).y - 1 - at.y), 0);
}
)";

}  // namespace ptattn::view
