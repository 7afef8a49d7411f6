"""Pictures of athletes in a place, by OpenGL without a screen, with motion blur as a camera makes it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import moderngl
import numpy as np

from tools.synthetic.body import Body
from tools.synthetic.look import Look
from tools.synthetic.scene import Scene

GAMMA = 2.2
MAX_BONES = 110

BODY_VERTEX = f"""
#version 330
layout(std140) uniform Bones {{ vec4 rows[{3 * MAX_BONES}]; }};
uniform mat4 view;
uniform vec3 sun;
uniform float flatten_;
in vec3 position; in vec3 normal; in vec3 color; in vec3 second; in float pattern;
in ivec4 bones; in vec4 weights;
out vec3 n; out vec3 rest; out vec3 c1; out vec3 c2; flat out float kind;
void main() {{
    vec4 r0 = vec4(0), r1 = vec4(0), r2 = vec4(0);
    for (int i = 0; i < 4; i++) {{
        r0 += weights[i] * rows[3 * bones[i]];
        r1 += weights[i] * rows[3 * bones[i] + 1];
        r2 += weights[i] * rows[3 * bones[i] + 2];
    }}
    vec4 p = vec4(position, 1);
    vec3 world = vec3(dot(r0, p), dot(r1, p), dot(r2, p));
    n = vec3(dot(r0.xyz, normal), dot(r1.xyz, normal), dot(r2.xyz, normal));
    if (flatten_ > 0.5) world = vec3(world.xy - sun.xy / sun.z * max(world.z, 0.0), 0.012);
    rest = position; c1 = color; c2 = second; kind = pattern;
    gl_Position = view * vec4(world, 1);
}}
"""
BODY_FRAGMENT = """
#version 330
uniform vec3 sun; uniform vec3 ambient; uniform vec3 direct; uniform vec3 shadow;
uniform float flatten_; uniform float scale;
in vec3 n; in vec3 rest; in vec3 c1; in vec3 c2; flat in float kind;
out vec4 o;
void main() {
    if (flatten_ > 0.5) { o = vec4(shadow, 1); return; }
    float mask = 0.0;
    vec3 q = rest * scale;
    if (kind > 3.5) mask = step(0.3, sin(q.x * 2.1 + sin(q.z * 1.7)) * sin(q.z * 2.3 + sin(q.y * 2.9)));
    else if (kind > 2.5) mask = step(0.0, sin(q.x * 6.283) * sin(q.z * 6.283));
    else if (kind > 1.5) mask = step(0.0, sin(q.x * 6.283));
    else if (kind > 0.5) mask = step(0.0, sin(q.z * 6.283));
    vec3 base = mix(c1, c2, mask);
    float light = max(dot(normalize(n), sun), 0.0);
    float sky = 0.75 + 0.25 * normalize(n).z;
    o = vec4(base * (ambient * sky + direct * light), 1);
}
"""
PLACE_VERTEX = """
#version 330
uniform mat4 view;
in vec3 position; in vec3 normal; in vec2 texcoord;
out vec2 uv; out vec3 n;
void main() { uv = texcoord; n = normal; gl_Position = view * vec4(position, 1); }
"""
PLACE_FRAGMENT = """
#version 330
uniform sampler2D picture; uniform vec3 sun; uniform vec3 ambient; uniform vec3 direct;
in vec2 uv; in vec3 n; out vec4 o;
void main() { o = vec4(texture(picture, uv).rgb * (ambient + direct * (0.4 + 0.6 * abs(dot(n, sun)))), 1); }
"""


@dataclass(eq=False)
class Figure:
    """An athlete on the graphics side."""

    vao: moderngl.VertexArray
    buffers: list[moderngl.Buffer]
    scale: float

    def release(self) -> None:
        self.vao.release()
        for buffer in self.buffers:
            buffer.release()


class Renderer:
    """Renders pictures of one size. Uses EGL, and Mesa's software rasteriser where there is no GPU."""

    def __init__(self, width: int, height: int, samples: int = 4) -> None:
        self.width, self.height = width, height
        os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa: one process a core is faster than threads
        self.ctx = moderngl.create_context(standalone=True, backend="egl")
        self.ctx.enable(moderngl.DEPTH_TEST)
        samples = min(samples, self.ctx.max_samples)
        size = (width, height)
        self._fine = self.ctx.framebuffer(
            self.ctx.renderbuffer(size, 4, samples=samples),
            self.ctx.depth_renderbuffer(size, samples=samples),
        )
        self._read = self.ctx.framebuffer(self.ctx.renderbuffer(size, 4), self.ctx.depth_renderbuffer(size))
        self._body = self.ctx.program(BODY_VERTEX, BODY_FRAGMENT)
        self._place = self.ctx.program(PLACE_VERTEX, PLACE_FRAGMENT)
        self._bones = self.ctx.buffer(reserve=MAX_BONES * 48)
        self._bones.bind_to_uniform_block(0)
        self._body["Bones"].binding = 0
        self._surfaces: list[tuple[moderngl.VertexArray, moderngl.Buffer, moderngl.Texture]] = []
        self._drawn = self._surfaces
        self._scene: Scene | None = None
        self._shifts = _shifts(width, height)
        self._linear = (np.arange(256) / 255.0).astype(np.float32) ** GAMMA
        self._encoded = np.round((np.arange(4096) / 4095.0) ** (1 / GAMMA) * 255).astype(np.uint8)

    def figure(self, body: Body, look: Look) -> Figure:
        """Upload an athlete; release it when done."""
        columns = [
            body.vertices,
            body.normals,
            look.colors,
            look.seconds,
            look.pattern[:, None],
            body.bone_weights,
        ]
        floats = self.ctx.buffer(np.concatenate(columns, axis=1).astype(np.float32).tobytes())
        bones = self.ctx.buffer(body.bone_indices.astype(np.int32).tobytes())
        index = self.ctx.buffer(body.faces.tobytes())
        names = ("position", "normal", "color", "second", "pattern", "weights")
        vao = self.ctx.vertex_array(
            self._body, [(floats, "3f 3f 3f 3f 1f 4f", *names), (bones, "4i", "bones")], index
        )
        return Figure(vao, [floats, bones, index], look.scale)

    def enter(self, scene: Scene) -> None:
        """Upload a place; it stays until the next one."""
        for vao, buffer, texture in self._surfaces:
            for thing in (vao, buffer, texture):
                thing.release()
        self._surfaces = []
        self._scene = scene
        for surface in scene.surfaces:
            height, width = surface.texture.shape[:2]
            texture = self.ctx.texture((width, height), 3, np.ascontiguousarray(surface.texture).tobytes())
            texture.build_mipmaps()
            buffer = self.ctx.buffer(surface.corners.tobytes())
            vao = self.ctx.vertex_array(self._place, [(buffer, "3f 3f 2f", "position", "normal", "texcoord")])
            self._surfaces.append((vao, buffer, texture))
        self._drawn = self._surfaces
        for program in (self._body, self._place):
            for name in ("sun", "ambient", "direct", "shadow"):
                if name in program:
                    program[name].value = tuple(getattr(scene, name))

    def clear_view(self, eyes: np.ndarray, targets: np.ndarray) -> None:
        """Leave out of the place what stands between ``eyes`` (T, 3) and ``targets`` (T, 3)."""
        assert self._scene is not None, "enter a scene first"
        pairs = zip(self._surfaces, self._scene.surfaces, strict=True)
        self._drawn = [drawn for drawn, surface in pairs if not surface.is_between(eyes, targets)]

    def picture(self, views: np.ndarray, figures: list[tuple[Figure, np.ndarray]]) -> np.ndarray:
        """The average light of S moments: (H, W, 3) uint8.

        ``views`` (S, 4, 4) are clip matrices; each figure comes with its bones' transforms (S, B, 3, 4).
        """
        if len(views) == 1:
            return self._moment(views[0], [(figure, bones[0]) for figure, bones in figures], fine=True)
        light = np.zeros((self.height, self.width, 3), np.float32)
        for moment, view in enumerate(views):
            shifted = self._shifts[moment % len(self._shifts)] @ view
            light += self._linear[
                self._moment(shifted, [(figure, bones[moment]) for figure, bones in figures])
            ]
        return self._encoded[(light * (4095 / len(views))).astype(np.int32)]

    def _moment(
        self, view: np.ndarray, figures: list[tuple[Figure, np.ndarray]], *, fine: bool = False
    ) -> np.ndarray:
        assert self._scene is not None, "enter a scene first"
        (self._fine if fine else self._read).use()
        self.ctx.clear(*self._scene.sky, 1.0, depth=1.0)
        matrix = view.T.astype(np.float32).tobytes()
        self._place["view"].write(matrix)
        self._body["view"].write(matrix)
        for vao, _, texture in self._drawn:
            texture.use()
            vao.render()
        for figure, bones in figures:
            self._bones.write(np.ascontiguousarray(bones, np.float32).tobytes())
            self._body["scale"].value = figure.scale
            self._body["flatten_"].value = 1.0
            self.ctx.enable(moderngl.BLEND)
            self.ctx.blend_equation = moderngl.MIN  # many triangles fall on one spot: darken it once
            figure.vao.render()
            self.ctx.disable(moderngl.BLEND)
            self._body["flatten_"].value = 0.0
            figure.vao.render()
        if fine:
            self.ctx.copy_framebuffer(self._read, self._fine)
        pixels = np.frombuffer(self._read.read(components=3, alignment=1), np.uint8)
        return pixels.reshape(self.height, self.width, 3)[::-1]


def _shifts(width: int, height: int) -> np.ndarray:
    """(9, 4, 4) moves by parts of a pixel, so that averaging moments also smooths edges."""
    shifts = np.tile(np.eye(4), (9, 1, 1))
    golden = (np.arange(9) * np.array([[0.7549], [0.5698]])) % 1.0 - 0.5
    shifts[:, 0, 3], shifts[:, 1, 3] = 2 * golden[0] / width, 2 * golden[1] / height
    return shifts
