using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Endpoints;

/// <summary><c>GET /metrics</c>: measurements for Prometheus.</summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path, Methods, (PrometheusExporter exporter) => Results.Text(exporter.Write(), PrometheusExporter.ContentType));
}
