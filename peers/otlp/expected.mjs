// What OpenTelemetry's own JavaScript sends for the spans of otlp/tests/traces_json_test.cpp:
//
//     cd peers/otlp && npm ci && node expected.mjs > ../../otlp/tests/expected_traces.json

import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const resource = resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3" });
const instrumentationScope = { name: "infra", version: "0.1.0" };
const common = { resource, instrumentationScope, ended: true, duration: [0, 0] };

const spans = [
  {
    ...common,
    name: "GET /users/{id}",
    kind: SpanKind.SERVER,
    spanContext: () => ({ traceId, spanId: "b7ad6b7169203331", traceFlags: TraceFlags.SAMPLED, traceState: new TraceState("rojo=1") }),
    parentSpanContext: { traceId, spanId: "00f067aa0ba902b7", traceFlags: TraceFlags.SAMPLED, isRemote: true },
    startTime: [1700000000, 1],
    endTime: [1700000000, 250000000],
    status: { code: SpanStatusCode.UNSET },
    attributes: { "http.request.method": "GET", "http.response.status_code": 200, ok: true, ratio: 0.5, tags: ["a", "b"], nested: { deep: 1 } },
    droppedAttributesCount: 0,
    events: [{ name: "half way", time: [1700000000, 5], attributes: { n: -3 }, droppedAttributesCount: 2 }],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
  },
  {
    ...common,
    name: "charge é",
    kind: SpanKind.CLIENT,
    spanContext: () => ({ traceId, spanId: "53995c3f42cd8ad8", traceFlags: TraceFlags.SAMPLED }),
    parentSpanContext: { traceId, spanId: "b7ad6b7169203331", traceFlags: TraceFlags.SAMPLED },
    startTime: [1700000000, 10],
    endTime: [1700000001, 0],
    status: { code: SpanStatusCode.ERROR, message: "declined" },
    attributes: {},
    droppedAttributesCount: 4,
    events: [],
    droppedEventsCount: 5,
    links: [{ context: { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: TraceFlags.SAMPLED, isRemote: true }, attributes: { why: "batch" }, droppedAttributesCount: 1 }],
    droppedLinksCount: 6,
  },
  {
    ...common,
    name: "root",
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: TraceFlags.SAMPLED }),
    startTime: [0, 0],
    endTime: [0, 1],
    status: { code: SpanStatusCode.OK },
    attributes: {},
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
  },
];

const sent = JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans)));
console.log(JSON.stringify(sent, null, 2));
