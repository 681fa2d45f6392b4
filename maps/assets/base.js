/* Base maps and pictures under or over the shapes. None is shown at first, and without one nothing is requested. */
(function (Maps, L) {
  'use strict';
  const make = Maps.make;
  const KEY = 'maps.token';

  /* Tiles in GCJ-02 put where they belong: moved as a whole by the shift at the middle of the map. */
  const ShiftedTiles = L.TileLayer.extend({
    shift: function (zoom) {
      const map = this._map, middle = map.getCenter();
      const moved = Maps.geodesy.toGcj([middle.lng, middle.lat]);
      return map.project([moved[1], moved[0]], zoom).subtract(map.project(middle, zoom));
    },
    _getTiledPixelBounds: function (center) {
      const bounds = L.TileLayer.prototype._getTiledPixelBounds.call(this, center);
      const shift = this.shift(this._tileZoom);
      return L.bounds(bounds.min.add(shift), bounds.max.add(shift));
    },
    _getTilePos: function (coords) {
      return coords.scaleBy(this.getTileSize()).subtract(this._levels[coords.z].origin).subtract(this.shift(coords.z))._round();
    },
    getEvents: function () {
      const events = L.TileLayer.prototype.getEvents.call(this), moved = events.moveend, layer = this;
      events.moveend = function () {
        if (moved) moved.call(layer);
        Object.keys(layer._tiles).forEach(function (key) {
          const tile = layer._tiles[key];
          if (layer._levels[tile.coords.z]) L.DomUtil.setPosition(tile.el, layer._getTilePos(tile.coords));
        });
      };
      return events;
    }
  });
  Maps.ShiftedTiles = ShiftedTiles;

  function stored() {
    const hash = /(?:^#|&)tk=([\w-]+)/.exec(location.hash);
    if (hash) return hash[1];
    try { return localStorage.getItem(KEY); } catch (error) { return null; }
  }

  function keep(token) {
    try { localStorage.setItem(KEY, token); } catch (error) { /* kept in memory alone */ }
  }

  function picture(spec) {
    return 'data:' + spec.mime + ';base64,' + document.getElementById(spec.image).textContent;
  }

  function bounds(spec) {
    return [[spec.bounds[1], spec.bounds[0]], [spec.bounds[3], spec.bounds[2]]];
  }

  /* The layers of one base map, for one map of the page. */
  function baseLayers(spec, token) {
    if (spec.kind === 'image') return [L.imageOverlay(picture(spec), bounds(spec), { pane: 'tilePane', zIndex: 1, attribution: '' })];
    const Tiles = spec.datum === 'gcj02' ? ShiftedTiles : L.TileLayer;
    return spec.urls.map(function (url, i) {
      const options = { zIndex: 1 + i, maxNativeZoom: spec.maxZoom, maxZoom: 21, subdomains: spec.subdomains, tk: token || '', referrerPolicy: 'no-referrer' };
      return new Tiles(url, options);
    });
  }

  Maps.background = function (app) {
    const shown = new Map();
    const images = app.data.images.map(function (spec) { return spec.shown; });
    let chosen = -1, token = stored();

    function put(map) {
      (shown.get(map) || []).forEach(function (layer) { layer.remove(); });
      const spec = app.data.bases[chosen];
      const layers = spec && (!spec.needsToken || spec.token || token) ? baseLayers(spec, spec.token || token) : [];
      app.data.images.forEach(function (image, i) {
        if (!images[i]) return;
        layers.push(L.imageOverlay(picture(image), bounds(image), { opacity: image.opacity, pane: 'tilePane', zIndex: 8 }));
      });
      layers.forEach(function (layer) { layer.addTo(map); });
      shown.set(map, layers);
    }

    app.background = {
      attach: put,
      detach: function (map) { shown.delete(map); },
      image: function (number, on) {
        images[number] = on;
        app.maps.forEach(put);
      },
      choose: function (number) {
        chosen = number;
        app.maps.forEach(put);
      },
      token: function (text) {
        token = text || null;
        if (token) keep(token);
        app.maps.forEach(put);
      },
      hasToken: function () { return Boolean(token); }
    };
    app.maps.forEach(put);
  };

  function tokenField(app) {
    const input = make('input', { type: 'password', placeholder: app.words.token, autocomplete: 'off', className: 'token' });
    input.setAttribute('aria-label', app.words.token);
    input.addEventListener('change', function () { app.background.token(input.value.trim()); });
    return make('div', { className: 'ask' }, [input, make('p', { className: 'hint', textContent: app.words.token_note })]);
  }

  /* Base maps as radio buttons, none first. */
  Maps.baseList = function (app) {
    const ask = tokenField(app);
    ask.hidden = true;
    const note = make('p', { className: 'hint' });
    const specs = [{ title: app.words.no_base, note: '' }].concat(app.data.bases);
    const lines = specs.map(function (spec, i) {
      const input = make('input', { type: 'radio', name: 'base', checked: i === 0 });
      input.addEventListener('change', function () {
        app.background.choose(i - 1);
        ask.hidden = !spec.needsToken || Boolean(spec.token) || app.background.hasToken();
        note.textContent = spec.note;
      });
      return make('label', {}, [input, make('span', { textContent: spec.title })]);
    });
    return Maps.section(app.words.base_map, '', [make('div', { className: 'layers bases' }, lines), note, ask]);
  };

  /* Pictures such as heat surfaces, with their legends. */
  Maps.imageList = function (app) {
    return app.data.images.map(function (spec, number) {
      const input = make('input', { type: 'checkbox', checked: spec.shown });
      const classes = spec.legend.map(function (row) {
        return make('div', { className: 'class' }, [Maps.swatch({ colour: row.colour, hatched: false }), make('span', { textContent: row.label })]);
      });
      const legend = make('div', { className: 'image-legend', hidden: !spec.shown }, classes);
      input.addEventListener('change', function () {
        app.background.image(number, input.checked);
        legend.hidden = !input.checked;
      });
      return make('div', { className: 'image' }, [make('label', {}, [input, make('span', { textContent: spec.title })]), legend]);
    });
  };
})(window.Maps, window.L);
