// Landscapes to look at, painted from nothing but numbers: what the pictures of the site show in place of test cards.
// A classic script for an empty page; `paint(name)` draws one scene over the whole window. The same every time.

const TAU = 2 * Math.PI;

/** Random numbers between 0 and 1 that are the same for the same seed (mulberry32). */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The canvas and how it is painted on; measures are shares of its height, `x` goes from 0 to `wide`. */
class Scenery {
  constructor(canvas, seed) {
    this.ink = canvas.getContext("2d");
    this.wide = canvas.width / canvas.height;
    this.random = randomness(seed);
    this.ink.scale(canvas.height, canvas.height);
  }

  between(low, high) {
    return low + (high - low) * this.random();
  }

  /** The whole picture from top to bottom; `stops` are colours, evenly spaced or `[share, colour]`. */
  sky(...stops) {
    this.band(0, 1, ...stops);
  }

  band(top, bottom, ...stops) {
    const paint = this.ink.createLinearGradient(0, top, 0, bottom);
    stops.forEach((stop, index) => (Array.isArray(stop) ? paint.addColorStop(...stop) : paint.addColorStop(index / (stops.length - 1), stop)));
    this.ink.fillStyle = paint;
    this.ink.fillRect(0, top, this.wide, bottom - top);
  }

  /** Light that fades out from a point. */
  glow(x, y, radius, colour, strength = 1) {
    const paint = this.ink.createRadialGradient(x, y, 0, x, y, radius);
    for (const [share, rest] of [[0, 1], [0.25, 0.55], [0.55, 0.16], [1, 0]]) paint.addColorStop(share, fade(colour, rest * strength));
    this.ink.globalCompositeOperation = "screen";
    this.ink.fillStyle = paint;
    this.ink.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    this.ink.globalCompositeOperation = "source-over";
  }

  disc(x, y, radius, colour) {
    this.ink.fillStyle = colour;
    this.ink.beginPath();
    this.ink.arc(x, y, radius, 0, TAU);
    this.ink.fill();
  }

  /** A skyline of hills: heights above `base` by fractal noise, `rough` from 0 (dunes) to 1 (rocks). */
  ridge(base, height, rough, seed = this.random() * 1000) {
    return (x) => {
      let level = 0;
      let share = 1;
      for (let octave = 0; octave < 7; octave += 1) {
        const at = x * 1.3 * 2 ** octave + seed * (octave + 1);
        level += share * wave(at);
        share *= 0.34 + 0.2 * rough;
      }
      return base - height * level;
    };
  }

  /** Fills all between a skyline and `foot`; `bottom` fades it into the haze of the valley. */
  hills(line, top, bottom, foot = 1) {
    const paint = this.ink.createLinearGradient(0, 0.3, 0, 1);
    paint.addColorStop(0, top);
    paint.addColorStop(1, bottom);
    this.ink.fillStyle = paint;
    this.ink.beginPath();
    this.ink.moveTo(0, foot);
    for (let x = 0; x <= this.wide + 0.002; x += 0.002) this.ink.lineTo(x, Math.min(foot, line(x)));
    this.ink.lineTo(this.wide, foot);
    this.ink.fill();
  }

  /** Conifers along a line. */
  trees(line, count, size, colour) {
    this.ink.fillStyle = colour;
    for (let index = 0; index < count; index += 1) {
      const x = this.between(-0.02, this.wide + 0.02);
      const tall = size * this.between(0.5, 1.15);
      const foot = line(x) + size * 0.12;
      this.ink.beginPath();
      this.ink.moveTo(x, foot - tall);
      for (let step = 1; step <= 7; step += 1) {
        const width = (tall * 0.2 * step) / 7;
        const y = foot - tall + (tall * step) / 7;
        this.ink.lineTo(x + width * this.between(0.8, 1.15), y);
        this.ink.lineTo(x + width * 0.45, y - tall * 0.02);
      }
      for (let step = 7; step >= 1; step -= 1) {
        const width = (tall * 0.2 * step) / 7;
        const y = foot - tall + (tall * step) / 7;
        this.ink.lineTo(x - width * 0.45, y - tall * 0.02);
        this.ink.lineTo(x - width * this.between(0.8, 1.15), y);
      }
      this.ink.fill();
    }
  }

  /** Round trees, as a wood of leaves. */
  leaves(line, count, size, colours) {
    for (let index = 0; index < count; index += 1) {
      const x = this.between(0, this.wide);
      const y = line(x);
      const radius = size * this.between(0.4, 1);
      for (let blob = 0; blob < 9; blob += 1) {
        const turn = this.between(0, TAU);
        const colour = colours[Math.floor(this.random() * colours.length)];
        this.disc(x + Math.cos(turn) * radius * 0.55, y - radius * 0.6 + Math.sin(turn) * radius * 0.5, radius * this.between(0.25, 0.5), colour);
      }
    }
  }

  clouds(count, top, bottom, colour, strength) {
    for (let index = 0; index < count; index += 1) {
      const x = this.between(-0.1, this.wide + 0.1);
      const y = this.between(top, bottom);
      const width = this.between(0.12, 0.5);
      for (let puff = 0; puff < 26; puff += 1) {
        const along = this.between(-1, 1);
        const radius = width * this.between(0.08, 0.26) * (1.15 - Math.abs(along));
        const paint = this.ink.createRadialGradient(0, 0, 0, 0, 0, radius);
        paint.addColorStop(0, fade(colour, strength * 0.35));
        paint.addColorStop(1, fade(colour, 0));
        this.ink.save();
        this.ink.translate(x + along * width, y + this.between(-0.02, 0.012));
        this.ink.scale(1.7, 0.62);
        this.ink.fillStyle = paint;
        this.ink.fillRect(-radius, -radius, 2 * radius, 2 * radius);
        this.ink.restore();
      }
    }
  }

  stars(count, bottom) {
    for (let index = 0; index < count; index += 1) {
      const size = this.random() ** 6 * 0.0022 + 0.0005;
      this.disc(this.between(0, this.wide), this.between(0, bottom) * this.random() ** 0.3, size, `rgb(255 255 255 / ${this.between(0.25, 0.95)})`);
    }
  }

  /** What stands above `level` again, upside down, broken by small waves. */
  mirror(level, colour, strength) {
    const { canvas } = this.ink;
    const still = document.createElement("canvas");
    [still.width, still.height] = [canvas.width, canvas.height];
    still.getContext("2d").drawImage(canvas, 0, 0);
    const line = 2 / canvas.height;
    for (let y = level; y < 1; y += line) {
      const deep = (y - level) / (1 - level);
      const from = level - (y - level) * (0.92 + 0.05 * Math.sin(y * 400));
      const shift = Math.sin(y * 900 + Math.sin(y * 77) * 4) * 0.0016 * (0.3 + deep * 3);
      this.ink.drawImage(still, 0, Math.max(0, from) * canvas.height, canvas.width, 2, shift, y, this.wide, line * 1.5);
    }
    this.band(level, 1, fade(colour, strength * 0.4), fade(colour, strength));
  }

  /** Sparkle on water towards a light at `x`. */
  sparkle(x, level, colour) {
    this.ink.globalCompositeOperation = "screen";
    for (let index = 0; index < 900; index += 1) {
      const deep = this.random() ** 1.6;
      const y = level + deep * (1 - level);
      const spread = 0.02 + deep * 0.2;
      const place = x + (this.random() + this.random() + this.random() - 1.5) * spread;
      const length = 0.004 + deep * 0.045 * this.random();
      this.ink.fillStyle = fade(colour, this.between(0.05, 0.65) * (1 - deep * 0.6));
      this.ink.beginPath();
      this.ink.ellipse(place, y, length, 0.0009 + deep * 0.0026, 0, 0, TAU);
      this.ink.fill();
    }
    this.ink.globalCompositeOperation = "source-over";
  }

  /** Lights out of focus. */
  bokeh(count, top, bottom, sizes, colours) {
    this.ink.globalCompositeOperation = "screen";
    for (let index = 0; index < count; index += 1) {
      const [x, y, radius] = [this.between(-0.05, this.wide + 0.05), this.between(top, bottom), this.between(...sizes)];
      const colour = colours[Math.floor(this.random() * colours.length)];
      const strength = this.between(0.12, 0.6);
      const paint = this.ink.createRadialGradient(x, y, 0, x, y, radius);
      paint.addColorStop(0, fade(colour, strength * 0.62));
      paint.addColorStop(0.82, fade(colour, strength * 0.72));
      paint.addColorStop(0.93, fade(colour, strength));
      paint.addColorStop(1, fade(colour, 0));
      this.disc(x, y, radius, paint);
    }
    this.ink.globalCompositeOperation = "source-over";
  }

  /** The last of a photograph: darker corners, and grain so that no gradient shows steps. */
  develop() {
    const { ink, wide } = this;
    const shade = ink.createRadialGradient(wide / 2, 0.48, 0.45, wide / 2, 0.5, 1.12);
    shade.addColorStop(0, "rgb(0 0 0 / 0)");
    shade.addColorStop(1, "rgb(0 0 0 / 0.42)");
    ink.fillStyle = shade;
    ink.fillRect(0, 0, wide, 1);
    const { canvas } = ink;
    const pixels = ink.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const grain = (this.random() - 0.5) * 9;
      for (let channel = 0; channel < 3; channel += 1) pixels.data[at + channel] += grain;
    }
    ink.putImageData(pixels, 0, 0);
  }
}

const wave = (at) => (Math.sin(at * 1.7) + Math.sin(at * 0.9 + 1.3) + Math.sin(at * 2.9 + 0.4) * 0.5) / 2.5;

/** "#rrggbb" with an opacity. */
const fade = (colour, opacity) => `${colour}${Math.round(Math.min(1, Math.max(0, opacity)) * 255).toString(16).padStart(2, "0")}`;

const SCENES = {
  beach(view) {
    view.sky([0, "#27305e"], [0.3, "#7d4a7d"], [0.47, "#e07a5f"], [0.56, "#ffc371"], [1, "#ffc371"]);
    view.clouds(9, 0.12, 0.42, "#ffb199", 0.5);
    view.clouds(5, 0.05, 0.25, "#5b3f74", 0.6);
    view.glow(1.12, 0.52, 0.9, "#ffb457", 0.9);
    view.disc(1.12, 0.515, 0.052, "#fff3d0");
    view.glow(1.12, 0.515, 0.2, "#fff0c0");
    view.band(0.565, 1, "#c9745f", "#5e3c66", "#231f45");
    view.sparkle(1.12, 0.567, "#ffd38a");
    const head = view.ridge(0.575, 0.09, 0.7, 3.1);
    view.hills((x) => head(x) - 0.04 + x * 0.13, "#4a2f55", "#4a2f55", 0.567);
    const sand = (x) => 0.93 - 0.05 * Math.sin(x * 1.1 + 0.5);
    view.hills(sand, "#3c2a3e", "#1d1526");
  },

  mountains(view) {
    view.sky([0, "#6fa3d8"], [0.35, "#bcd6ea"], [0.62, "#fbe6cf"], [1, "#fbe6cf"]);
    view.glow(0.5, 0.4, 0.9, "#fff1d0", 0.9);
    view.clouds(8, 0.08, 0.3, "#ffffff", 0.55);
    const layers = ["#a9c0d6", "#86a3bd", "#64869f", "#456a7e", "#2b4c58", "#173037"];
    layers.forEach((colour, index) => {
      const line = view.ridge(0.46 + index * 0.085, 0.11 - index * 0.008, 0.75);
      view.hills(line, colour, fade("#f3e3d2", 1));
      if (index === layers.length - 2) view.trees(line, 260, 0.05, "#274650");
    });
    const near = view.ridge(0.9, 0.06, 0.4, 5);
    view.hills(near, "#10242a", "#0a171b");
    view.trees(near, 150, 0.17, "#0d1e23");
  },

  party(view) {
    view.sky("#0d1030", "#2a1540", "#4b1f3b", "#1c0f22");
    view.glow(0.9, 0.75, 0.9, "#ff9d3c", 0.55);
    view.bokeh(70, 0.38, 0.85, [0.012, 0.05], ["#ffb347", "#ff7b54", "#ffd56b", "#ff5d8f"]);
    view.bokeh(22, 0.3, 0.95, [0.05, 0.11], ["#ffa552", "#ff6f91", "#ffd27d", "#7fd8ff"]);
    const colours = ["#ff5a5f", "#ffc93c", "#21bf73", "#3aa9ff", "#ff8fab", "#f9f7f7"];
    for (const [start, sag] of [[0.1, 0.13], [0.2, 0.17], [0.03, 0.11]]) {
      const height = (x) => start + sag * (1 - ((x / view.wide) * 2 - 1) ** 2);
      view.ink.strokeStyle = "#f5e6d3aa";
      view.ink.lineWidth = 0.003;
      view.ink.beginPath();
      for (let x = 0; x <= view.wide; x += 0.02) view.ink.lineTo(x, height(x));
      view.ink.stroke();
      for (let x = 0.04, index = Math.floor(start * 40); x < view.wide; x += 0.092, index += 1) {
        const y = height(x);
        view.ink.fillStyle = fade(colours[index % colours.length], 0.94);
        view.ink.beginPath();
        for (const [dx, dy] of [[0, 0], [0.058, 0], [0.058, 0.078], [0.029, 0.055], [0, 0.078]]) view.ink.lineTo(x + dx, y + dy);
        view.ink.fill();
      }
    }
  },

  city(view) {
    view.sky([0, "#101a3f"], [0.38, "#3b3f78"], [0.62, "#c9697a"], [0.74, "#ffb27a"], [1, "#ffb27a"]);
    view.glow(0.6, 0.72, 0.85, "#ff9c6b", 0.7);
    view.stars(120, 0.3);
    const blocks = (base, low, high, width, colour, windows) => {
      for (let x = -0.05; x < view.wide; ) {
        const wide = width * view.between(0.6, 1.5);
        const top = base - view.between(low, high);
        view.ink.fillStyle = colour;
        view.ink.fillRect(x, top, wide, 1 - top);
        if (view.random() > 0.7) view.ink.fillRect(x + wide / 2, top - 0.05, 0.003, 0.05);
        for (let y = top + 0.014; windows && y < 0.98; y += 0.019) {
          for (let at = x + 0.008; at < x + wide - 0.012; at += 0.0135) {
            if (view.random() > 0.42) continue;
            view.ink.fillStyle = fade(["#ffd58a", "#ffe9c4", "#9fd0ff"][Math.floor(view.random() * 2.3)], view.between(0.25, 0.95) * windows);
            view.ink.fillRect(at, y, 0.0062, 0.0088);
          }
        }
        x += wide + view.between(0, 0.012);
      }
    };
    blocks(0.78, 0.05, 0.2, 0.06, "#8d5878", 0);
    blocks(0.84, 0.06, 0.3, 0.075, "#4e3d68", 0.35);
    blocks(0.94, 0.08, 0.4, 0.11, "#241f44", 0.8);
    blocks(1.02, 0.05, 0.2, 0.16, "#0f0e26", 1);
  },

  lake(view) {
    view.sky([0, "#050b22"], [0.3, "#0d2a52"], [0.5, "#2c6e8f"], [0.6, "#8fd0c0"], [1, "#8fd0c0"]);
    view.stars(700, 0.5);
    view.glow(1.25, 0.2, 0.3, "#dfe9ff", 0.5);
    view.disc(1.25, 0.2, 0.028, "#f4f7ff");
    const far = view.ridge(0.52, 0.12, 0.8, 8.2);
    view.hills(far, "#24506b", "#4a8a95");
    const middle = view.ridge(0.58, 0.07, 0.5, 2.2);
    view.hills(middle, "#12303f", "#12303f");
    view.trees(middle, 320, 0.075, "#0c2430");
    view.mirror(0.64, "#071a2b", 0.5);
    view.glow(0.42, 0.7, 0.3, "#ffb066", 0.8);
    const shore = (x) => 0.9 + 0.04 * Math.sin(x * 2 + 1);
    view.hills(shore, "#06111a", "#03080d");
    view.ink.fillStyle = "#ffb25c";
    view.ink.beginPath();
    for (const [x, y] of [[0.32, 0.89], [0.42, 0.74], [0.54, 0.89]]) view.ink.lineTo(x, y);
    view.ink.fill();
    view.ink.fillStyle = "#e07f35";
    view.ink.beginPath();
    for (const [x, y] of [[0.42, 0.74], [0.54, 0.89], [0.61, 0.87]]) view.ink.lineTo(x, y);
    view.ink.fill();
    view.glow(0.43, 0.85, 0.13, "#fff0b8", 0.9);
    view.trees(shore, 26, 0.34, "#040c13");
  },

  balloons(view) {
    view.sky([0, "#5aa0e0"], [0.4, "#a9d3f0"], [0.66, "#ffe3b8"], [1, "#ffe3b8"]);
    view.glow(0.25, 0.6, 0.7, "#fff0c8", 0.8);
    view.clouds(9, 0.12, 0.5, "#ffffff", 0.6);
    ["#b7c7b0", "#8fae8b", "#5f8a63", "#3a6645"].forEach((colour, index) => {
      const line = view.ridge(0.7 + index * 0.075, 0.06, 0.3);
      view.hills(line, colour, "#e9dcae");
      view.leaves(line, 90 + index * 30, 0.006 + index * 0.005, [fade(colour, 0.9), fade("#2f5a3c", 0.5)]);
    });
    const balloon = (x, y, size, one, other) => {
      for (let gore = 0; gore < 9; gore += 1) {
        const edge = (share) => Math.sin((share - 0.5) * Math.PI) * size;
        const [left, right] = [edge(gore / 9), edge((gore + 1) / 9)];
        view.ink.fillStyle = gore % 2 ? one : other;
        view.ink.beginPath();
        view.ink.moveTo(x, y - size * 1.05);
        view.ink.bezierCurveTo(x + right * 1.35, y - size * 0.95, x + right * 1.2, y + size * 0.45, x + right * 0.2, y + size * 1.15);
        view.ink.lineTo(x + left * 0.2, y + size * 1.15);
        view.ink.bezierCurveTo(x + left * 1.2, y + size * 0.45, x + left * 1.35, y - size * 0.95, x, y - size * 1.05);
        view.ink.fill();
      }
      view.glow(x - size * 0.4, y - size * 0.5, size * 0.9, "#ffffff", 0.35);
      view.ink.fillStyle = "#5b3d2a";
      view.ink.fillRect(x - size * 0.14, y + size * 1.42, size * 0.28, size * 0.22);
      view.ink.strokeStyle = "#5b3d2a";
      view.ink.lineWidth = size * 0.02;
      for (const side of [-1, 1]) {
        view.ink.beginPath();
        view.ink.moveTo(x + side * size * 0.18, y + size * 1.12);
        view.ink.lineTo(x + side * size * 0.12, y + size * 1.44);
        view.ink.stroke();
      }
    };
    balloon(1.52, 0.5, 0.035, "#3f7fc1", "#f4f1e6");
    balloon(0.98, 0.58, 0.026, "#d9594c", "#f6c453");
    balloon(0.3, 0.44, 0.05, "#e9a23b", "#c8453b");
    balloon(1.24, 0.3, 0.075, "#8a4fb0", "#f0c95a");
    balloon(0.7, 0.34, 0.145, "#d8433b", "#f7d154");
  },

  candles(view) {
    view.sky("#2b1117", "#4d1f1d", "#2a1014");
    view.bokeh(60, 0, 0.62, [0.02, 0.075], ["#ffb45e", "#ff8a5c", "#ffd9a0", "#ff6d7a"]);
    view.bokeh(14, 0, 0.5, [0.08, 0.14], ["#ffb066", "#ff8e72"]);
    view.glow(0.89, 0.4, 0.8, "#ffb25a", 0.7);
    const layer = (y, half, tall, colour, icing) => {
      view.ink.fillStyle = colour;
      view.ink.fillRect(0.89 - half, y, half * 2, tall);
      view.ink.fillStyle = icing;
      view.ink.beginPath();
      view.ink.ellipse(0.89, y, half, half * 0.16, 0, 0, TAU);
      view.ink.fill();
      for (let x = 0.89 - half; x < 0.89 + half - 0.01; x += 0.042) {
        view.ink.beginPath();
        view.ink.roundRect(x, y - 0.004, 0.042, 0.03 + view.random() * 0.06, 0.02);
        view.ink.fill();
      }
    };
    layer(0.74, 0.46, 0.3, "#a8574b", "#ffe9dc");
    layer(0.56, 0.33, 0.19, "#c26a58", "#fff1e6");
    for (let index = 0; index < 7; index += 1) {
      const x = 0.89 + (index - 3) * 0.083;
      const foot = 0.57 - (index % 2) * 0.025;
      view.ink.fillStyle = ["#ff8fab", "#ffd166", "#7bdff2"][index % 3];
      view.ink.fillRect(x - 0.008, foot - 0.15, 0.016, 0.15);
      view.glow(x, foot - 0.185, 0.14, "#ffc36b", 0.9);
      view.ink.fillStyle = "#fff3c9";
      view.ink.beginPath();
      view.ink.ellipse(x, foot - 0.182, 0.0085, 0.026, 0, 0, TAU);
      view.ink.fill();
    }
  },

  forest(view) {
    view.sky([0, "#e8f3c8"], [0.35, "#b9dca0"], [0.7, "#5f9a5c"], [1, "#1d4a2e"]);
    view.glow(1.0, 0.12, 0.9, "#fffbd8", 0.95);
    [["#9ccb8b", 0.5, 26], ["#6ea968", 0.6, 20], ["#3f7d47", 0.72, 14]].forEach(([colour, foot, count], depth) => {
      for (let index = 0; index < count; index += 1) {
        const x = view.between(0, view.wide);
        const half = 0.004 + depth * 0.006 + view.random() * 0.006;
        view.ink.fillStyle = colour;
        view.ink.fillRect(x - half, 0, half * 2, foot + 0.1);
      }
      const line = view.ridge(foot + 0.06, 0.04, 0.5);
      view.hills(line, colour, "#2b6338");
      view.leaves(line, 60, 0.05 + depth * 0.02, [fade(colour, 0.7), fade("#2d6a3c", 0.35)]);
      view.leaves(() => view.between(-0.05, 0.16), 40, 0.12, [fade(colour, 0.45), fade("#dff0b0", 0.25)]);
    });
    const path = view.ink.createLinearGradient(0, 0.62, 0, 1);
    path.addColorStop(0, "#e9dfae");
    path.addColorStop(1, "#9b7f4e");
    view.ink.fillStyle = path;
    view.ink.beginPath();
    view.ink.moveTo(0.955, 0.7);
    view.ink.quadraticCurveTo(0.98, 0.82, 0.6, 1.01);
    view.ink.lineTo(1.24, 1.01);
    view.ink.quadraticCurveTo(1.06, 0.82, 0.985, 0.7);
    view.ink.fill();
    for (const [x, half] of [[0.16, 0.06], [0.42, 0.035], [1.45, 0.045], [1.68, 0.075]]) {
      const bark = view.ink.createLinearGradient(x - half, 0, x + half, 0);
      bark.addColorStop(0, "#14261a");
      bark.addColorStop(0.6, "#2b4a30");
      bark.addColorStop(1, "#0f1d14");
      view.ink.fillStyle = bark;
      view.ink.beginPath();
      view.ink.moveTo(x - half * 0.8, 0);
      view.ink.lineTo(x + half * 0.8, 0);
      view.ink.quadraticCurveTo(x + half * 0.8, 0.8, x + half * 1.7, 1);
      view.ink.lineTo(x - half * 1.7, 1);
      view.ink.quadraticCurveTo(x - half * 0.8, 0.8, x - half * 0.8, 0);
      view.ink.fill();
    }
    view.leaves(() => view.between(0.9, 1.05), 70, 0.08, ["#16331fcc", "#22502dcc", "#2f6a38aa"]);
    view.leaves(() => view.between(-0.08, 0.06), 60, 0.13, ["#1f4a2bcc", "#2f6a38aa", "#4c8c4988"]);
    view.ink.globalCompositeOperation = "screen";
    for (let ray = 0; ray < 7; ray += 1) {
      const x = 0.55 + ray * 0.16 + view.between(-0.04, 0.04);
      const light = view.ink.createLinearGradient(0, 0, 0, 0.9);
      light.addColorStop(0, "#fff8c866");
      light.addColorStop(1, "#fff8c800");
      view.ink.fillStyle = light;
      view.ink.beginPath();
      for (const [at, y] of [[x, -0.02], [x + 0.05, -0.02], [x - 0.12, 0.9], [x - 0.3, 0.9]]) view.ink.lineTo(at, y);
      view.ink.fill();
    }
    view.ink.globalCompositeOperation = "source-over";
  },
};

/** Paints the scene over the whole window, in its device pixels. */
function paint(name) {
  const canvas = document.createElement("canvas");
  canvas.width = innerWidth * devicePixelRatio;
  canvas.height = innerHeight * devicePixelRatio;
  canvas.style.cssText = "position: fixed; inset: 0; width: 100%; height: 100%";
  document.body.replaceChildren(canvas);
  const view = new Scenery(canvas, [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
  SCENES[name](view);
  view.develop();
}
