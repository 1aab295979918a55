using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Service.Sources;

/// <summary>How one attempt ended.</summary>
/// <param name="Outcome">For the caller, when no further attempt is made.</param>
/// <param name="IsTransient">Another attempt may end otherwise.</param>
/// <param name="RetryAfter">When the server wants to be asked again.</param>
internal readonly record struct DownloadAnswer(FetchOutcome Outcome, bool IsTransient = false, TimeSpan? RetryAfter = null)
{
    public const string LoginPage = "Potential login page detected";

    /// <summary>Only these of 4xx are about the moment and not about the file.</summary>
    public static DownloadAnswer OfStatus(HttpStatusCode status, TimeSpan? retryAfter)
    {
        int code = (int)status;
        string text = string.Create(CultureInfo.InvariantCulture, $"{code} {ReasonPhrases.GetReasonPhrase(code)}").TrimEnd();
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(new FetchOutcome(FetchStatus.Denied, 0, code, text)),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => Failed(code, text, retryAfter),
            >= HttpStatusCode.InternalServerError => Failed(code, text, retryAfter),
            >= HttpStatusCode.BadRequest => new(new FetchOutcome(FetchStatus.NotFound, 0, code, text)),
            _ => new(new FetchOutcome(FetchStatus.Failed, 0, code, $"download failed: {text}")),
        };
    }

    public static DownloadAnswer Transport(string what) =>
        new(new FetchOutcome(FetchStatus.Failed, Detail: $"download failed: {what}"), IsTransient: true);

    public static DownloadAnswer TimedOut(TimeSpan after, bool isTransient) =>
        new(new FetchOutcome(FetchStatus.TimedOut, Detail: $"download timed out after {Configuration.HumanDuration.Format(after)}"), isTransient);

    public static DownloadAnswer Refused(string why) => new(new FetchOutcome(FetchStatus.Failed, Detail: $"download failed: {why}"));

    public static DownloadAnswer Login(int status) => new(new FetchOutcome(FetchStatus.Denied, 0, status, LoginPage));

    private static DownloadAnswer Failed(int code, string text, TimeSpan? retryAfter) =>
        new(new FetchOutcome(FetchStatus.Failed, 0, code, $"download failed: {text}"), IsTransient: true, retryAfter);
}
