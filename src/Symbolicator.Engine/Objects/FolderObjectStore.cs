using System.Diagnostics;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Objects;

/// <summary>
/// Files of <see cref="FolderSymbolSource"/>s, used where they lie, for a tool that runs once: symcaches and what comes
/// out of compressed files go to a temporary folder, which disappears with the store. Nobody may rewrite the files
/// meanwhile.
/// </summary>
public sealed class FolderObjectStore(ICpuScheduler cpu, ParseLimits limits) : IObjectStore, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, OpenObject> _open = [];
    private readonly Lazy<DirectoryInfo> _temporary = new(() => Directory.CreateTempSubdirectory("symbolicator-"));
    private int _made;

    public Task<StoredObject> GetObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct)
    {
        return cpu.RunAsync(CpuLane.Quick, token => Open((FolderSymbolSource)source, location, query, scope, token), ct);
    }

    public Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct) =>
        cpu.RunAsync(CpuLane.Build, token => Build(ObjectOf(stored), token), ct);

    /// <summary>The table lives as long as the store, like the object that it belongs to.</summary>
    public Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct) =>
        cpu.RunAsync(CpuLane.Build, _ => OpenUnwindTable(ObjectOf(stored).File), ct);

    /// <summary>As for the table.</summary>
    public Task<DerivedLease<ICodeView>> GetCodeAsync(StoredObject stored, CancellationToken ct)
    {
        var code = ObjectOf(stored).File.OpenCode();
        return Task.FromResult(new DerivedLease<ICodeView>(code is null ? ObjectStatus.NotFound : ObjectStatus.Found, null, code, [], null));
    }

    public void Dispose()
    {
        foreach (var open in _open.Values)
        {
            open.File.Dispose();
        }

        if (_temporary.IsValueCreated)
        {
            _temporary.Value.Delete(recursive: true);
        }
    }

    private StoredObject Open(
        FolderSymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct)
    {
        var steps = new List<LookupStep> { new LookupStep.Asked(source.Id, location.Uri) };
        if (!File.Exists(source.LocalPath(location)))
        {
            return Failed(ObjectStatus.NotFound, null); // also for a folder, which is where another layout has its files
        }

        try
        {
            using var raw = MappedFileBytes.Open(source.LocalPath(location));
            using var bytes = Unpack(raw, steps, out var failure, ct);
            if (bytes is null)
            {
                return Failed(failure.Status == UnpackStatus.TooLarge ? ObjectStatus.TooLarge
                    : failure.Status == UnpackStatus.Unsupported ? ObjectStatus.Unsupported : ObjectStatus.Malformed, failure.Detail);
            }

            var objects = ObjectFormats.Open(bytes, limits);
            var chosen = ObjectMatch.Choose(objects, query) is >= 0 and var index ? objects[index] : null;
            string others = string.Join("; ", objects.Select(ObjectIdentity.Of));
            foreach (var other in objects)
            {
                if (!ReferenceEquals(other, chosen))
                {
                    other.Dispose();
                }
            }

            if (chosen is null)
            {
                return Failed(ObjectStatus.WrongFile, $"the file is {others}");
            }

            var identity = ObjectIdentity.Of(chosen);
            Keep(new ObjectKey(source.LocalPath(location), query.DebugId, query.CodeId), new OpenObject(chosen, bytes.Length));
            steps.Add(new LookupStep.Identified(identity, chosen.Features, Matches: true));
            return new StoredObject(source, location, scope, query, ObjectStatus.Found, null, chosen.Features, steps) { Identity = identity };
        }
        catch (UnauthorizedAccessException)
        {
            return Failed(ObjectStatus.Denied, "permission denied");
        }
        catch (IOException e)
        {
            return Failed(ObjectStatus.Failed, e.Message);
        }
        catch (MissingLibraryException e)
        {
            return Failed(ObjectStatus.Unsupported, e.Message);
        }
        catch (MalformedFileException e)
        {
            steps.Add(new LookupStep.Parsed(e.Format, e.Fault, e.Message, 1));
            return Failed(e.Fault.Reason == MalformedReason.Unsupported ? ObjectStatus.Unsupported : ObjectStatus.Malformed, e.Message);
        }

        StoredObject Failed(ObjectStatus status, string? detail)
        {
            steps.Add(new LookupStep.Answered(AnswerOrigin.Source, status, null, detail));
            return new StoredObject(source, location, scope, query, status, detail, ObjectFeatures.None, steps);
        }
    }

    /// <summary>The content of a file: itself, or what was unpacked; null when it cannot be unpacked.</summary>
    private FileBytes? Unpack(FileBytes raw, List<LookupStep> steps, out UnpackResult result, CancellationToken ct)
    {
        result = default;
        raw.TrySlice(new ByteRange(0, Math.Min(4, raw.Length)), out var prefix);
        if (Unpacker.Probe(prefix) == CompressionKind.None)
        {
            return raw.Retain();
        }

        string path = TemporaryPath("unpacked");
        using (var output = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            result = Unpacker.Unpack(raw, output, new UnpackLimits(), ct);
        }

        bool unpacked = result.Status == UnpackStatus.Unpacked;
        steps.Add(new LookupStep.Unpacked(
            result.Compression.ToString().ToLowerInvariant(), result.BytesIn, result.BytesOut,
            unpacked ? null : result.Detail ?? result.Status.ToString()));
        return unpacked ? MappedFileBytes.Open(path) : null;
    }

    private string TemporaryPath(string extension) =>
        Path.Combine(_temporary.Value.FullName, $"{Interlocked.Increment(ref _made)}.{extension}");

    private DerivedLease<SymCacheFile> Build(OpenObject open, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        string path = TemporaryPath("symcache");
        var file = open.File;
        try
        {
            var options = SymCacheOptions.Default with { SourceSize = open.Bytes, SpillDirectory = _temporary.Value.FullName };
            using (var output = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                SymCacheBuilder.Build(file, output, options, limits, ct);
            }

            var bytes = MappedFileBytes.Open(path);
            long size = bytes.Length;
            var cache = SymCacheFile.Open(bytes);
            return new DerivedLease<SymCacheFile>(
                ObjectStatus.Found, null, cache, [new LookupStep.Converted("symcache", open.Bytes, size, clock.Elapsed), .. Faults(file)], cache);
        }
        catch (MalformedFileException e)
        {
            return Malformed<SymCacheFile>(e);
        }
    }

    private static DerivedLease<IUnwindTable> OpenUnwindTable(IObjectFile file)
    {
        try
        {
            return file.OpenUnwindTable() is { } table
                ? new DerivedLease<IUnwindTable>(ObjectStatus.Found, null, table, Faults(file), null)
                : new DerivedLease<IUnwindTable>(ObjectStatus.NotFound, null, null, [], null);
        }
        catch (MalformedFileException e)
        {
            return Malformed<IUnwindTable>(e);
        }
    }

    /// <summary>What was skipped.</summary>
    private static LookupStep[] Faults(IObjectFile file) => file.Faults.First is [var first, ..]
        ? [new LookupStep.Parsed(file.Format, first.Fault, first.What, file.Faults.Total)]
        : [];

    private static DerivedLease<T> Malformed<T>(MalformedFileException e)
        where T : class => new(ObjectStatus.Malformed, e.Message, null, [new LookupStep.Parsed(e.Format, e.Fault, e.Message, 1)], null);

    private OpenObject ObjectOf(StoredObject stored)
    {
        lock (_lock)
        {
            string path = ((FolderSymbolSource)stored.Source).LocalPath(stored.Location);
            return _open[new ObjectKey(path, stored.Query.DebugId, stored.Query.CodeId)];
        }
    }

    private void Keep(ObjectKey key, OpenObject open)
    {
        lock (_lock)
        {
            if (!_open.TryAdd(key, open))
            {
                open.File.Dispose();
            }
        }
    }

    /// <summary>A file may hold several objects: the ids asked for tell which.</summary>
    private readonly record struct ObjectKey(string Path, DebugId? DebugId, CodeId? CodeId);

    private readonly record struct OpenObject(IObjectFile File, long Bytes);
}
