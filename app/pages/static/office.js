// Charts of the office's pages. Their figures stand in tables beside them, so nothing is lost without this.
"use strict";

const english = document.documentElement.lang === "en";
const ink = "#1d2823", quiet = "#5a6860", line = "#e7e2d6", leaf = "#2c6449", before = "#c9bfa6";
const kinds = { "golden-tea": leaf, "dark-tea": "#5c4733", "camellia-oil": "#b98a12", "navel-orange": "#d9681d", "gift-set": "#a2372b" };
const layers = ["#2c6449", "#b98a12", "#22577a", "#a2372b"];
const font = getComputedStyle(document.body).fontFamily;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

// Figures are whole fen; people read yuan.
const exact = (fen) => "¥" + (fen / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = (fen) => {
  const yuan = fen / 100;
  if (!english) return Math.abs(yuan) >= 1e4 ? `${+(yuan / 1e4).toFixed(1)}万` : String(Math.round(yuan));
  return Math.abs(yuan) >= 1e6 ? `${+(yuan / 1e6).toFixed(1)}m` : Math.abs(yuan) >= 1e3 ? `${+(yuan / 1e3).toFixed(1)}k` : String(Math.round(yuan));
};

// Tips are drawn on the chart: the policy of the page lets no style in by markup.
const tip = { renderMode: "richText", confine: true, backgroundColor: "#fff", borderColor: line, textStyle: { color: ink, fontFamily: font, fontSize: 13 } };
const frame = (chart, series, more) => ({
  animation: !still, textStyle: { fontFamily: font, color: ink },
  aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
  legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 12, textStyle: { color: ink, fontSize: 13 } },
  grid: { left: 4, right: 8, top: 34, bottom: 0, containLabel: true },
  tooltip: { ...tip, trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: exact },
  xAxis: { type: "category", data: chart.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: quiet, fontSize: 12, hideOverlap: true } },
  yAxis: { type: "value", splitLine: { lineStyle: { color: line } }, axisLabel: { color: quiet, fontSize: 12, formatter: short } },
  series, ...more,
});

const draw = {
  bars: (chart) => frame(chart, chart.series.map((one, at) => ({ type: "bar", name: one.name, data: one.values, barMaxWidth: 28, barGap: "8%", cursor: at ? "default" : "pointer", itemStyle: { color: at ? before : leaf, decal: at ? undefined : { symbol: "none" }, borderRadius: [3, 3, 0, 0] } }))),
  layers: (chart) => frame(chart, chart.series.map((one, at) => ({ type: "bar", stack: "all", name: one.name, data: one.values, barMaxWidth: 34, cursor: "default", itemStyle: { color: layers[at % layers.length] } }))),
  mix: (chart) => ({
    animation: !still, textStyle: { fontFamily: font, color: ink },
    aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
    tooltip: { ...tip, valueFormatter: exact },
    series: [{
      type: "pie", radius: ["46%", "72%"], center: ["50%", "52%"], startAngle: 90,
      label: { color: ink, fontSize: 13, fontFamily: font, formatter: "{b}\n{d}%", lineHeight: 17 }, labelLine: { length: 8, length2: 6 },
      itemStyle: { borderColor: "#fff", borderWidth: 2 },
      data: chart.parts.map((part, at) => ({ name: part.name, value: part.value, link: part.link, itemStyle: { color: kinds[part.key] || layers[at % layers.length] } })),
    }],
  }),
};

const drawn = [];
for (const place of document.querySelectorAll("[data-chart]")) {
  const said = JSON.parse(place.dataset.chart);
  const chart = echarts.init(place, null, { renderer: "canvas", devicePixelRatio: Math.max(2, devicePixelRatio) });
  chart.setOption(draw[said.kind](said));
  // A click leads where the same figure in the table does.
  chart.on("click", (event) => {
    const link = event.data?.link || (event.seriesIndex === 0 && said.links?.[event.dataIndex]);
    if (link) location.href = link;
  });
  new ResizeObserver(() => chart.resize()).observe(place);
  drawn.push(chart);
}
addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize({ animation: { duration: 0 } })));
