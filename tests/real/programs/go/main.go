// A Go service that sends its spans to the sidecar with the stock OpenTelemetry SDK.
//
//	OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 go run .
//
// With OTEL_EXPORTER_OTLP_PROTOCOL=grpc and port 4317 it speaks gRPC.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var tracer = otel.Tracer("shop")

func checkout(ctx context.Context, order int) error {
	ctx, span := tracer.Start(ctx, "checkout", trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	if err := charge(ctx, order); err != nil {
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	return nil
}

func charge(ctx context.Context, order int) error {
	_, span := tracer.Start(ctx, "charge", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	if order%50 == 0 {
		err := fmt.Errorf("order %d: the card was refused", order)
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	return nil
}

func newExporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

func main() {
	ctx := context.Background()
	// Service name and endpoint come from the environment.
	exporter, err := newExporter(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)

	orders, err := strconv.Atoi(os.Getenv("ORDERS"))
	if err != nil {
		orders = 100
	}
	refused := 0
	for order := range orders {
		if checkout(ctx, order) != nil {
			refused++
		}
	}
	fmt.Printf("%d orders refused\n", refused)

	// Sends what still waits.
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}
