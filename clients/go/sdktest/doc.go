// Package sdktest holds tests and benchmarks of Hotspan's Go client with OpenTelemetry's real SDK. It is a module of its
// own, so that the client itself asks for nothing but the API.
package sdktest
