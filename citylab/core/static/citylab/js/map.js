// Maps: a quiet schematic base drawn from our own file, and tiles over it where the settings name some. The list is the equivalent.
(function () {
  "use strict";

  async function drawBase(map, box) {
    if (!box.dataset.tiles) map.attributionControl.addAttribution(box.dataset.label);
    // Below the tiles (200), so that the city is seen also where none comes.
    map.createPane("base").style.zIndex = 150;
    const quiet = { pane: "base", interactive: false };
    const base = await (await fetch(box.dataset.base)).json();
    base.areas.forEach((area) => L.polygon(area.points, { ...quiet, color: "#c3cdc6", weight: 1.5, fillColor: area.fill, fillOpacity: 1 }).addTo(map));
    base.roads.forEach((road) => L.polyline(road.points, { ...quiet, color: "#dcd8ca", weight: 3 }).addTo(map));
    base.rivers.forEach((river) => L.polyline(river.points, { ...quiet, color: "#a9c8e0", weight: river.weight }).addTo(map));
    if (!box.dataset.tiles) base.labels.forEach((label) => L.marker(label.point, { interactive: false, keyboard: false, icon: L.divIcon({ className: "tcl-map-label", html: "", iconSize: null }) }).addTo(map).getElement().append(label.name));
  }

  // Records at the same place share a pin: the first one's number, and a plus sign.
  function grouped(points) {
    const places = new Map();
    points.forEach((point) => {
      const key = point.lat + "," + point.lon;
      places.set(key, [...(places.get(key) || []), point]);
    });
    return [...places.values()];
  }

  function pin(map, points) {
    const names = points.map((point) => point.name).join(", ");
    const icon = L.divIcon({ className: "tcl-pin", html: "", iconSize: null });
    const marker = L.marker([points[0].lat, points[0].lon], { title: names, alt: names, icon: icon }).addTo(map);
    marker.getElement().append((points[0].mark || "") + (points.length > 1 ? "+" : ""));
    if (points[0].card) link(map, marker, points);
    else popup(marker, points);
    return marker;
  }

  // Map and list in step: a result that is pointed at or focused marks its pin, and a pin that is chosen leads to its results.
  function link(map, marker, points) {
    const cards = points.map((point) => document.getElementById(point.card));
    const mark = (on) => {
      marker.getElement().classList.toggle("is-current", on);
      marker.setZIndexOffset(on ? 1000 : 0);
      cards.forEach((card) => card.classList.toggle("is-current", on));
    };
    const follow = (on) => {
      mark(on);
      if (on && !map.getBounds().contains(marker.getLatLng())) map.panTo(marker.getLatLng());
    };
    cards.forEach((card) => {
      card.addEventListener("mouseenter", () => follow(true));
      card.addEventListener("mouseleave", () => follow(card.contains(document.activeElement)));
      card.addEventListener("focusin", () => follow(true));
      card.addEventListener("focusout", () => follow(false));
    });
    marker.on("mouseover", () => mark(true)).on("mouseout", () => mark(false));
    marker.on("click keypress", (event) => {
      if (event.type === "keypress" && event.originalEvent.key !== "Enter") return;
      cards[0].scrollIntoView({ block: "center" });
      cards[0].querySelector("a").focus({ preventScroll: true });
    });
  }

  function popup(marker, points) {
    const list = document.createElement("ul");
    list.className = "list-unstyled mb-0";
    points.forEach((point) => {
      const link = document.createElement("a");
      link.href = point.address;
      link.textContent = (point.mark ? point.mark + ". " : "") + point.name;
      const entry = document.createElement("li");
      entry.append(link);
      list.append(entry);
    });
    marker.bindPopup(list);
  }

  function draw(box) {
    if (box.dataset.drawn || !box.offsetParent) return;
    box.dataset.drawn = "yes";
    const points = JSON.parse(document.getElementById("map-points").textContent);
    const map = L.map(box, { scrollWheelZoom: false, attributionControl: true, minZoom: 11, maxZoom: 17, zoomSnap: 0.25 }).setView([45.07, 7.67], 12);
    map.attributionControl.setPrefix("");
    L.control.scale({ imperial: false, position: "topright" }).addTo(map);
    drawBase(map, box);
    if (box.dataset.tiles) L.tileLayer(box.dataset.tiles, { attribution: box.dataset.attribution }).addTo(map);
    const markers = grouped(points).map((place) => pin(map, place));
    if (markers.length > 1) map.fitBounds(L.featureGroup(markers).getBounds().pad(0.08));
    else if (markers.length === 1) map.setView(markers[0].getLatLng(), 13);
  }

  function drawAll() {
    document.querySelectorAll("[data-needs-script]").forEach((part) => { part.hidden = false; });
    document.querySelectorAll("[data-map]").forEach(draw);
  }
  drawAll();
  // One in a closed fold is drawn when that is opened: before, it has no size.
  document.addEventListener("toggle", drawAll, true);
  document.addEventListener("htmx:afterSettle", drawAll);
})();
