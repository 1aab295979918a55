namespace Symbolicator.Service.Endpoints;

/// <summary><c>GET /healthcheck</c>: the process lives and answers.</summary>
internal static class HealthEndpoint
{
    public const string Path = "/healthcheck";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods(Path, Methods, () => Results.Text("ok"));
}
