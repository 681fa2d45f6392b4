/* Reads what the page carries: the JSON block and the packed columns.
   Columns are unpacked when they are first needed and kept. Nothing is fetched. */
window.Maps = {};
(function (Maps) {
  'use strict';
  const MISSING = -2147483648;
  const SEPARATOR = 0x1e;
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

  async function inflate(name) {
    const node = document.getElementById(name);
    const packed = fromBase64(node.textContent);
    node.textContent = '';
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /* Bytes of equal weight stand together in the page; put them back into numbers. */
  Maps.numbers = async function (spec) {
    const bytes = await inflate(spec.blob);
    const Type = ARRAYS[spec.type];
    const size = Type.BYTES_PER_ELEMENT;
    if (size === 1) return bytes;
    const n = bytes.length / size;
    const out = new Uint8Array(bytes.length);
    for (let plane = 0; plane < size; plane++) {
      for (let i = 0, from = plane * n, to = plane; i < n; i++, from++, to += size) out[to] = bytes[from];
    }
    return new Type(out.buffer);
  };

  /* Differences are folded so that small ones of either sign are small: 0, -1, 1, -2, ... */
  Maps.unfold = function (folded) {
    const out = new Int32Array(folded.length);
    for (let i = 0; i < folded.length; i++) out[i] = (folded[i] >>> 1) ^ -(folded[i] & 1);
    return out;
  };

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
    constructor(bytes, n) {
      this.bytes = bytes;
      this.starts = new Uint32Array(n + 1);
      let row = 0;
      for (let at = bytes.indexOf(SEPARATOR); at >= 0; at = bytes.indexOf(SEPARATOR, at + 1)) this.starts[++row] = at + 1;
      this.starts[n] = bytes.length + 1;
      this.decoder = new TextDecoder();
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
      if (!this.lower) this.lower = this.bytes.map(function (b) { return b > 64 && b < 91 ? b + 32 : b; });
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

  function countTexts(bytes) {
    let n = 1;
    for (let at = bytes.indexOf(SEPARATOR); at >= 0; at = bytes.indexOf(SEPARATOR, at + 1)) n++;
    return n;
  }

  async function load(spec) {
    if (spec.kind === 'number') return new NumberColumn(spec, await Maps.numbers(spec));
    if (spec.kind === 'text') {
      const bytes = await inflate(spec.blob);
      return new TextColumn(bytes, countTexts(bytes));
    }
    const both = await Promise.all([inflate(spec.levels), Maps.numbers(spec)]);
    return new LevelColumn(new TextColumn(both[0], countTexts(both[0])), both[1]);
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
