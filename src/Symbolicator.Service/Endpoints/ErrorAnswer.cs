using System.Text.Json.Serialization;

namespace Symbolicator.Service.Endpoints;

/// <summary>Body of errors that are not about the shape of JSON.</summary>
/// <param name="Detail">What is wrong.</param>
/// <param name="Causes">Why, outermost first; absent when there is nothing to add.</param>
internal sealed record ErrorAnswer(string Detail, IReadOnlyList<string>? Causes = null)
{
    public static IResult Json(int status, string detail, params string[] causes) => Results.Json(
        new ErrorAnswer(detail, causes.Length == 0 ? null : causes), ErrorJsonContext.Default.ErrorAnswer, statusCode: status);

    public static IResult Text(int status, string text) => Results.Text(text, "text/plain", statusCode: status);
}

/// <summary>A request that cannot be accepted; becomes the answer.</summary>
internal sealed class RequestRefusedException(IResult answer) : Exception
{
    public IResult Answer { get; } = answer;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class ErrorJsonContext : JsonSerializerContext;
