using Symbolicator.Engine.Sources;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Endpoints;

/// <summary>Sources of requests.</summary>
internal static class RequestSources
{
    /// <exception cref="RequestRefusedException">A source that requests may not name.</exception>
    public static IReadOnlyList<ISymbolSource> Resolve(SourceFactory factory, IReadOnlyList<SourceConfig>? sources)
    {
        try
        {
            return factory.ForRequest(sources);
        }
        catch (SourceRefusedException e)
        {
            throw new RequestRefusedException(ErrorAnswer.Json(StatusCodes.Status400BadRequest, e.Message));
        }
    }
}
