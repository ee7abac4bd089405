/** The shop of shop.mjs with tracing of its own, set up before: provider, processor, context manager, and in CommonJS. */
const { trace, context } = require("@opentelemetry/api");
const { AsyncLocalStorageContextManager } = require("@opentelemetry/context-async-hooks");
const { ExportResultCode } = require("@opentelemetry/core");
const { ProtobufTraceSerializer } = require("@opentelemetry/otlp-transformer");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BasicTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { createServer } = require("node:http");
const { setTimeout: pause } = require("node:timers/promises");

const options = JSON.parse(process.env.ARGUMENTS ?? "{}");
const exporter = {
  export(spans, done) {
    fetch(`${options.url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body: ProtobufTraceSerializer.serializeRequest(spans),
    }).then(
      () => done({ code: ExportResultCode.SUCCESS }),
      (error) => done({ code: ExportResultCode.FAILED, error }),
    );
  },
  shutdown: () => Promise.resolve(),
};
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": options.service }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
trace.setGlobalTracerProvider(provider);

const { startHotspan } = require("@hotspan/node");
const warnings = [];
const hotspan = startHotspan({ ...options, warn: (message) => warnings.push(message) });
const tracer = trace.getTracer("shop");

function burnCheckout(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnSearch(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnSearchIndex(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnBackground(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}

async function checkout() {
  burnCheckout(8);
  await pause(3);
  burnCheckout(8);
  await Promise.resolve();
  burnCheckout(8);
}

async function search() {
  burnSearch(8);
  await pause(2);
  await tracer.startActiveSpan("read index", async (span) => {
    burnSearchIndex(6);
    await new Promise((resolve) => setImmediate(resolve));
    burnSearchIndex(6);
    span.end();
  });
  burnSearch(8);
}

const server = createServer((request, response) => {
  const isSearch = request.url.startsWith("/search");
  const attributes = { "http.request.method": "GET" };
  tracer.startActiveSpan("GET", { kind: 1, attributes }, async (span) => {
    await (isSearch ? search() : checkout());
    span.setAttribute("http.route", isSearch ? "/search/:term" : "/checkout/:id");
    span.end();
    response.end("done");
  });
});
const background = setInterval(() => burnBackground(3), 20);

process.on("message", async (message) => {
  clearInterval(background);
  server.close();
  await hotspan.shutdown();
  await provider.shutdown();
  const isOwn = trace.getTracerProvider().getDelegate() === provider;
  process.send({
    done: message,
    stats: hotspan.stats(),
    profiling: hotspan.profiling,
    tracing: hotspan.tracing,
    warnings,
    extra: isOwn ? "the program's own provider" : "another provider",
  });
  process.disconnect();
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
