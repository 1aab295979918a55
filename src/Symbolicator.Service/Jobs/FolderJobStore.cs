using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Formats.Core;
using Symbolicator.Service.Caching;

namespace Symbolicator.Service.Jobs;

/// <summary>Jobs as folders of the cache volume, readable by the owner only.</summary>
internal sealed class FolderJobStore : IJobStore
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    private readonly string _root;

    public FolderJobStore(string root)
    {
        _root = Path.Join(root, "jobs");
        Directory.CreateDirectory(_root, OwnerFolder);
    }

    public Stream CreateInput(Guid id) => CreateFile(id, "input");

    public FileBytes OpenInput(Guid id) => MappedFileBytes.Open(PathOf(id, "input"));

    public async Task PutRequestAsync(Guid id, JobRecord record, CancellationToken ct)
    {
        await using var file = CreateFile(id, "request.json");
        await JsonSerializer.SerializeAsync(file, record, JobJsonContext.Default.JobRecord, ct);
    }

    public async Task PutResultAsync(Guid id, SymbolicationResponse result, CancellationToken ct)
    {
        DiskCache.TryDelete(PathOf(id, "input"));
        string temporary = PathOf(id, "result.tmp");
        await using (var file = CreateFile(id, "result.tmp"))
        {
            await JsonSerializer.SerializeAsync(file, result, WireJson.Context.SymbolicationResponse, ct);
        }

        File.Move(temporary, PathOf(id, "result.json"), overwrite: true);
    }

    public Stream? OpenResult(Guid id)
    {
        try
        {
            return new FileStream(PathOf(id, "result.json"), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void Delete(Guid id)
    {
        try
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was written for it.
        }
    }

    public IReadOnlyList<LeftJob> List()
    {
        var jobs = new List<LeftJob>();
        foreach (string folder in Directory.EnumerateDirectories(_root))
        {
            if (Guid.TryParseExact(Path.GetFileName(folder), "D", out var id))
            {
                var result = new FileInfo(Path.Join(folder, "result.json"));
                jobs.Add(new LeftJob(id, result.Exists ? new DateTimeOffset(result.LastWriteTimeUtc, TimeSpan.Zero) : null));
            }
        }

        return jobs;
    }

    private FileStream CreateFile(Guid id, string name)
    {
        Directory.CreateDirectory(FolderOf(id), OwnerFolder);
        return new FileStream(PathOf(id, name), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerFile,
            Options = FileOptions.Asynchronous,
        });
    }

    private string FolderOf(Guid id) => Path.Join(_root, id.ToString("D"));

    private string PathOf(Guid id, string name) => Path.Join(FolderOf(id), name);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JobRecord))]
internal sealed partial class JobJsonContext : JsonSerializerContext;
