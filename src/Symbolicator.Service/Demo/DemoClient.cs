using System.Net.Http.Headers;
using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Service.Demo;

/// <summary>What any client does: post the dump, poll for the answer.</summary>
internal sealed class DemoClient(Uri service) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = service };

    /// <summary>Posts a dump and does not wait for the answer.</summary>
    public async Task<SymbolicationResponse> PostAsync(string dump, CancellationToken ct)
    {
        await using var file = File.OpenRead(dump);
        using var body = new MultipartFormDataContent { { new StreamContent(file), "upload_file_minidump", Path.GetFileName(dump) } };
        using var answer = await _http.PostAsync(new Uri("/minidump?timeout=0", UriKind.Relative), body, ct);
        return await ReadAsync(answer, ct);
    }

    /// <summary>Asks for the answer and waits a second at most.</summary>
    public async Task<SymbolicationResponse> PollAsync(string requestId, CancellationToken ct)
    {
        using var answer = await _http.GetAsync(new Uri($"/requests/{requestId}?timeout=1", UriKind.Relative), ct);
        return await ReadAsync(answer, ct);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<SymbolicationResponse> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        answer.EnsureSuccessStatusCode();
        if (answer.Content.Headers.ContentType is not MediaTypeHeaderValue { MediaType: "application/json" })
        {
            throw new HttpRequestException("the service did not answer with JSON");
        }

        await using var json = await answer.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync(json, WireJson.Context.SymbolicationResponse, ct)
            ?? throw new HttpRequestException("the service answered nothing");
    }
}
