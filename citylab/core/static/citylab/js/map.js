// Maps: a quiet schematic base drawn from our own file, or tiles where the settings name some. The list is the equivalent.
(function () {
  "use strict";
  document.querySelectorAll("[data-map]").forEach(async (box) => {
    const points = JSON.parse(document.getElementById("map-points").textContent);
    const map = L.map(box, { scrollWheelZoom: false, attributionControl: true, minZoom: 11, maxZoom: 17 }).setView([45.07, 7.67], 12);
    map.attributionControl.setPrefix("");
    L.control.scale({ imperial: false }).addTo(map);
    if (box.dataset.tiles) {
      L.tileLayer(box.dataset.tiles, { attribution: box.dataset.attribution }).addTo(map);
    } else {
      map.attributionControl.addAttribution(box.dataset.label);
      const base = await (await fetch(box.dataset.base)).json();
      base.areas.forEach((area) => L.polygon(area.points, { color: "#c3cdc6", weight: 1.5, fillColor: area.fill, fillOpacity: 1, interactive: false }).addTo(map));
      base.rivers.forEach((river) => L.polyline(river.points, { color: "#a9c8e0", weight: river.weight, interactive: false }).bindTooltip(river.name, { permanent: false }).addTo(map));
      base.labels.forEach((label) => L.marker(label.point, { interactive: false, keyboard: false, icon: L.divIcon({ className: "tcl-map-label", html: "", iconSize: null }) }).addTo(map).getElement().append(label.name));
    }
    const markers = points.map((point) => {
      const marker = L.marker([point.lat, point.lon], { title: point.name, alt: point.name, icon: L.divIcon({ className: "tcl-pin", html: "", iconSize: null }) }).addTo(map);
      marker.getElement().append(point.mark || "•");
      const link = document.createElement("a");
      link.href = point.address;
      link.textContent = point.name;
      marker.bindPopup(link);
      return marker;
    });
    if (markers.length > 1) map.fitBounds(L.featureGroup(markers).getBounds().pad(0.15));
    else if (markers.length === 1) map.setView(markers[0].getLatLng(), 14);
  });
})();
