/* Reads what the page carries: the JSON block and the packed columns.
   Columns are unpacked when they are first needed and kept. Nothing is fetched. */
window.Maps = {};
(function (Maps) {
  'use strict';
  const MISSING = -2147483648;
  const SEPARATOR = 0x1e;
  const PIECE = 262144;
  const PAUSE_MS = 12;
  const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

  Maps.readData = function () {
    return JSON.parse(document.getElementById('page-data').textContent);
  };

  function fromBase64(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  }

  /* Lets the page draw a frame when what was unpacked since the last one took long. Nothing is shown at first. */
  let rested = 0;
  async function pause() {
    if (!document.body.dataset.ready || performance.now() - rested < PAUSE_MS) return;
    await new Promise(function (go) { setTimeout(go, 0); });
    rested = performance.now();
  }

  async function feed(writer, bytes) {
    for (let at = 0; at < bytes.length; at += PIECE) {
      await writer.write(bytes.subarray(at, at + PIECE));
      await pause();
    }
    await writer.close();
  }

  /* The last four bytes of gzip hold the length, so that the pieces have a place to go to. */
  async function inflate(name) {
    const node = document.getElementById(name);
    const packed = fromBase64(node.textContent);
    node.textContent = '';
    const stream = new DecompressionStream('gzip');
    const out = new Uint8Array(new DataView(packed.buffer).getUint32(packed.length - 4, true));
    await Promise.all([feed(stream.writable.getWriter(), packed), collect(stream.readable.getReader(), out)]);
    return out;
  }

  async function collect(reader, out) {
    let at = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      out.set(piece.value, at);
      at += piece.value.length;
    }
  }

  /* Bytes of equal weight stand together in the page; put them back into numbers. */
  Maps.numbers = async function (spec) {
    const bytes = await inflate(spec.blob);
    await pause();
    const Type = ARRAYS[spec.type];
    const size = Type.BYTES_PER_ELEMENT;
    if (size === 1) return bytes;
    const n = bytes.length / size;
    if (Type === Uint16Array) return joinTwo(bytes, n);
    if (size === 4 && Type !== Float32Array) return joinFour(bytes, new Type(n));
    const out = new Uint8Array(bytes.length);
    for (let plane = 0; plane < size; plane++) {
      for (let i = 0, from = plane * n, to = plane; i < n; i++, from++, to += size) out[to] = bytes[from];
    }
    return new Type(out.buffer);
  };

  function joinTwo(bytes, n) {
    const out = new Uint16Array(n);
    for (let i = 0; i < n; i++) out[i] = bytes[i] | bytes[n + i] << 8;
    return out;
  }

  function joinFour(bytes, out) {
    const n = out.length;
    for (let i = 0; i < n; i++) out[i] = bytes[i] | bytes[n + i] << 8 | bytes[2 * n + i] << 16 | bytes[3 * n + i] << 24;
    return out;
  }

  class NumberColumn {
    constructor(spec, raw) {
      this.digits = spec.digits;
      this.values = new Float64Array(raw.length);
      const whole = spec.type === 'i4';
      const scale = spec.scale || 1;
      for (let i = 0; i < raw.length; i++) this.values[i] = whole && raw[i] === MISSING ? NaN : raw[i] / scale;
    }
    text(i) {
      return Number.isNaN(this.values[i]) ? null : Maps.format(this.values[i], this.digits);
    }
  }

  class TextColumn {
    constructor(bytes) {
      this.bytes = bytes;
      this.decoder = new TextDecoder();
      this.found = null;
    }
    /* Where each text starts, looked for when the first one is wanted. */
    get starts() {
      if (!this.found) this.found = startsOf(this.bytes);
      return this.found;
    }
    text(i) {
      const text = this.decoder.decode(this.bytes.subarray(this.starts[i], this.starts[i + 1] - 1));
      return text === '\u0001' ? null : text;
    }
    rowAt(byte) {
      let low = 0;
      let high = this.starts.length - 2;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (this.starts[middle] <= byte) low = middle; else high = middle - 1;
      }
      return low;
    }
    /* Calls found(row) for each row that holds the text, small and capital Latin letters alike. */
    search(text, found) {
      if (!this.lower) this.lower = lowered(this.bytes);
      const hay = this.lower;
      const needle = new TextEncoder().encode(text.replace(/[A-Z]/g, function (c) { return c.toLowerCase(); }));
      for (let at = hay.indexOf(needle[0]); at >= 0; at = hay.indexOf(needle[0], at + 1)) {
        let j = 1;
        while (j < needle.length && hay[at + j] === needle[j]) j++;
        if (j < needle.length) continue;
        const row = this.rowAt(at);
        found(row);
        at = this.starts[row + 1] - 1;
      }
    }
  }

  class LevelColumn {
    constructor(levels, codes) {
      this.levels = levels;
      this.codes = codes;
    }
    text(i) {
      return this.levels.text(this.codes[i]);
    }
  }

  function startsOf(bytes) {
    let n = 1;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === SEPARATOR) n++;
    const starts = new Uint32Array(n + 1);
    for (let i = 0, row = 0; i < bytes.length; i++) if (bytes[i] === SEPARATOR) starts[++row] = i + 1;
    starts[n] = bytes.length + 1;
    return starts;
  }

  function lowered(bytes) {
    const out = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) out[i] = bytes[i] > 64 && bytes[i] < 91 ? bytes[i] + 32 : bytes[i];
    return out;
  }

  async function load(spec) {
    if (spec.kind === 'number') {
      const raw = await Maps.numbers(spec);
      await pause();
      return new NumberColumn(spec, raw);
    }
    if (spec.kind === 'text') return new TextColumn(await inflate(spec.blob));
    const both = await Promise.all([inflate(spec.levels), Maps.numbers(spec)]);
    return new LevelColumn(new TextColumn(both[0]), both[1]);
  }

  /* A function that gives the promise of a column by its number, unpacked once. */
  Maps.columns = function (specs) {
    const loaded = [];
    return function (number) {
      if (!loaded[number]) loaded[number] = load(specs[number]);
      return loaded[number];
    };
  };

  Maps.format = function (value, digits) {
    const language = document.documentElement.lang;
    return value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
})(window.Maps);
