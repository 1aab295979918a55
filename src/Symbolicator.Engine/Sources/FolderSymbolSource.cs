using Symbolicator.Engine.Sources.Layouts;

namespace Symbolicator.Engine.Sources;

/// <summary>A folder with debug files in any of several layouts.</summary>
/// <param name="id">Id in answers.</param>
/// <param name="root">The folder.</param>
/// <param name="layouts">Layouts that are tried, best first.</param>
public sealed class FolderSymbolSource(string id, string root, IReadOnlyList<LayoutConfig> layouts) : ISymbolSource
{
    private readonly string _root = Path.GetFullPath(root);

    /// <summary>What folders of symbols look like: Breakpad's and debuggers' trees, sorted by id, symbol servers, debuginfod.</summary>
    public static IReadOnlyList<LayoutConfig> UsualLayouts { get; } =
    [
        new() { Type = LayoutType.Native },
        new() { Type = LayoutType.Unified },
        new() { Type = LayoutType.Debuginfod },
        new() { Type = LayoutType.Symstore },
        new() { Type = LayoutType.Ssqp },
    ];

    public string Id => id;

    public bool IsPublic => false;

    public IReadOnlyList<ObjectLocation> Locate(ObjectQuery query)
    {
        var locations = new List<ObjectLocation>();
        foreach (var layout in layouts)
        {
            foreach (string path in SymbolPaths.Locate(layout, query))
            {
                locations.Add(new ObjectLocation(path, $"file://{LocalPath(path)}", query.FileType));
            }
        }

        return locations;
    }

    /// <summary>Where the file of a location lies; layouts give no path that leaves the folder.</summary>
    public string LocalPath(ObjectLocation location) => LocalPath(location.Path);

    public async Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct)
    {
        if (!File.Exists(LocalPath(location)))
        {
            return new FetchOutcome(FetchStatus.NotFound); // also for a folder, which is where another layout has its files
        }

        try
        {
            var file = new FileStream(
                LocalPath(location), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            await using (file.ConfigureAwait(false))
            {
                await file.CopyToAsync(destination, ct).ConfigureAwait(false);
                return new FetchOutcome(FetchStatus.Found, file.Position);
            }
        }
        catch (UnauthorizedAccessException)
        {
            return new FetchOutcome(FetchStatus.Denied, Detail: "permission denied");
        }
        catch (IOException e)
        {
            return new FetchOutcome(FetchStatus.Failed, Detail: e.Message);
        }
    }

    private string LocalPath(string path) => Path.Combine(_root, path);
}
