// What OpenTelemetry's own JavaScript sends for the log records of otlp/tests/logs_json_test.cpp:
//
//     cd peers/otlp && npm ci && node expected_logs.mjs > ../../otlp/tests/expected_logs.json

import { TraceFlags } from "@opentelemetry/api";
import { JsonLogsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";

const common = {
  resource: resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3" }),
  hrTimeObserved: [1700000001, 2],
  droppedAttributesCount: 0,
  attributes: {},
};
const spanContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: TraceFlags.SAMPLED,
};

const records = [
  {
    ...common,
    instrumentationScope: { name: "web" },
    hrTime: [1700000000, 1],
    severityNumber: 9,
    severityText: "info",
    body: "request served é",
    attributes: {
      request_id: "r-1",
      "http.response.status_code": 200,
      ok: true,
      ratio: 0.5,
      tags: ["a", "b"],
      nested: { deep: 1 },
      none: null,
      "code.file.path": "worker.cpp",
      "code.line.number": 42,
    },
    spanContext,
  },
  { ...common, instrumentationScope: { name: "db" }, hrTime: [1700000000, 5], severityNumber: 17, severityText: "error", body: "it broke", droppedAttributesCount: 3 },
  { ...common, instrumentationScope: { name: "web" }, hrTime: [1700000000, 250000000], severityNumber: 13, severityText: "warn", body: "", spanContext: { ...spanContext, traceFlags: TraceFlags.NONE } },
  { ...common, instrumentationScope: { name: "" }, hrTime: [0, 1], severityNumber: 5, severityText: "debug", body: "m" },
];

const sent = JSON.parse(new TextDecoder().decode(JsonLogsSerializer.serializeRequest(records)));
console.log(JSON.stringify(sent, null, 2));
