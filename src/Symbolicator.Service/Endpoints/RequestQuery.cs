using System.Globalization;

namespace Symbolicator.Service.Endpoints;

/// <summary>Query parameters that all jobs share.</summary>
/// <param name="Wait">How long to wait for the result; null until it is there.</param>
/// <param name="Scope">Cache scope, null for the global one.</param>
internal readonly record struct RequestQuery(TimeSpan? Wait, string? Scope)
{
    // Longer than any job may take; keeps timers in range.
    private const ulong MaxWaitSeconds = 7 * 24 * 3600;

    /// <exception cref="RequestRefusedException">A timeout that is no number.</exception>
    public static RequestQuery Read(HttpRequest request)
    {
        TimeSpan? wait = null;
        if (request.Query.TryGetValue("timeout", out var text))
        {
            wait = ulong.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seconds)
                ? TimeSpan.FromSeconds(Math.Min(seconds, MaxWaitSeconds))
                : throw new RequestRefusedException(ErrorAnswer.Text(
                    StatusCodes.Status400BadRequest, "Failed to read the query string: timeout: expected a whole number of seconds"));
        }

        string? scope = request.Query.TryGetValue("scope", out var value) ? value.ToString() : null;
        return new RequestQuery(wait, scope);
    }
}
