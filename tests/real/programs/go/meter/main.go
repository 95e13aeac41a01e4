// A Go service that sends its metrics to the sidecar with the stock OpenTelemetry SDK.
//
//	OTEL_SERVICE_NAME=meter OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 go run ./meter
//
// With OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta each push tells what is new only. With
// OTEL_EXPORTER_OTLP_PROTOCOL=grpc and port 4317 it speaks gRPC.
package main

import (
	"context"
	"log"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

func newExporter(ctx context.Context) (sdkmetric.Exporter, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		return otlpmetricgrpc.New(ctx)
	}
	return otlpmetrichttp.New(ctx)
}

func view(name string, aggregation sdkmetric.Aggregation) sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: name}, sdkmetric.Stream{Aggregation: aggregation})
}

func must[T any](made T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func main() {
	ctx := context.Background()
	// Service name and endpoint come from the environment. It is told when to push.
	reader := sdkmetric.NewPeriodicReader(must(newExporter(ctx)), sdkmetric.WithInterval(time.Hour))
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(reader),
		sdkmetric.WithView(
			view("size", sdkmetric.AggregationExplicitBucketHistogram{Boundaries: []float64{100, 1000, 10000}}),
			view("latency", sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}),
		),
	)
	meter := provider.Meter("meter")
	described := func(unit, description string) (metric.InstrumentOption, metric.InstrumentOption) {
		return metric.WithUnit(unit), metric.WithDescription(description)
	}
	unit, text := described("{order}", "Orders taken.")
	orders := must(meter.Int64Counter("orders", unit, text))
	unit, text = described("{order}", "Orders that wait.")
	open := must(meter.Int64UpDownCounter("orders.open", unit, text))
	unit, text = described("Cel", "Of the oven.")
	temperature := must(meter.Float64Gauge("temperature", unit, text))
	unit, text = described("By", "Of orders.")
	size := must(meter.Int64Histogram("size", unit, text))
	unit, text = described("s", "Of answers.")
	latency := must(meter.Float64Histogram("latency", unit, text))

	pushes, err := strconv.Atoi(os.Getenv("PUSHES"))
	if err != nil {
		pushes = 3
	}
	n := int64(0)
	for range pushes {
		for range 100 {
			n++
			currency := metric.WithAttributes(attribute.String("currency", []string{"EUR", "USD"}[n%2]))
			orders.Add(ctx, n, currency)
			open.Add(ctx, n%7-3, currency)
			temperature.Record(ctx, float64(n)/8, currency)
			size.Record(ctx, n*n, currency)
			latency.Record(ctx, (float64(n*7%50)+0.3)/16, currency)
		}
		if err := provider.ForceFlush(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Not stopped: that would push once more.
}
