// What OpenTelemetry's own JavaScript sends for the metrics of otlp/tests/metrics_json_test.cpp:
//
//     cd peers/otlp && npm ci && node expected_metrics.mjs > ../../otlp/tests/expected_metrics.json

import { ValueType } from "@opentelemetry/api";
import { JsonMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";

const startTime = [1700000000, 1];
const endTime = [1700000060, 0];
const aggregationTemporality = AggregationTemporality.CUMULATIVE;
const describe = (name, description, unit) => ({ name, description, unit, valueType: ValueType.DOUBLE });

const metrics = [
  {
    descriptor: describe("http_requests_total", "Requests.", ""),
    dataPointType: DataPointType.SUM,
    aggregationTemporality,
    isMonotonic: true,
    dataPoints: [
      { startTime, endTime, attributes: { method: "GET", route: "/users/é" }, value: 3 },
      { startTime, endTime, attributes: { method: "POST", route: "/" }, value: 0.5 },
    ],
  },
  {
    descriptor: describe("memory_bytes", "Memory.", "By"),
    dataPointType: DataPointType.GAUGE,
    aggregationTemporality,
    dataPoints: [{ startTime: endTime, endTime, attributes: {}, value: -2.5 }],
  },
  {
    descriptor: describe("charge_seconds", "Charges.", "s"),
    dataPointType: DataPointType.HISTOGRAM,
    aggregationTemporality,
    dataPoints: [
      {
        startTime,
        endTime,
        attributes: { provider: "x" },
        value: { buckets: { boundaries: [0.1, 1], counts: [1, 2, 3] }, count: 6, sum: 4.5 },
      },
    ],
  },
];

const sent = JSON.parse(
  new TextDecoder().decode(
    JsonMetricsSerializer.serializeRequest({
      resource: resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3" }),
      scopeMetrics: [{ scope: { name: "infra", version: "0.1.0" }, metrics }],
    }),
  ),
);
console.log(JSON.stringify(sent, null, 2));
