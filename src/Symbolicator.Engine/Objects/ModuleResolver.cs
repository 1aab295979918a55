using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Sources.Layouts;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Objects;

/// <summary>
/// Finds the files of the modules of one request: asks every source for every place of every suitable file type, takes
/// the best file that can be used. Each module is resolved once per purpose; what was leased is given back on disposal.
/// Safe to use from several threads.
/// </summary>
public sealed class ModuleResolver : IAsyncDisposable
{
    /// <summary>Places asked for one module and purpose.</summary>
    public const int MaxCandidates = 512;

    /// <summary>Places asked at the same time for one request.</summary>
    private const int MaxParallel = 64;

    private readonly IReadOnlyList<ModuleInfo> _modules;
    private readonly IReadOnlyList<ISymbolSource> _sources;
    private readonly IObjectStore _store;
    private readonly string? _scope;
    private readonly CancellationToken _ct;
    private readonly SemaphoreSlim _parallel = new(MaxParallel);
    private readonly ModuleSearch[] _searches;

    /// <param name="modules">What to look for, by module index.</param>
    /// <param name="sources">In order of preference.</param>
    /// <param name="store">Fetches and converts.</param>
    /// <param name="scope">Cache scope of the request.</param>
    /// <param name="ct">Of the request: all searches end with it.</param>
    public ModuleResolver(
        IReadOnlyList<ModuleInfo> modules, IReadOnlyList<ISymbolSource> sources, IObjectStore store, string? scope, CancellationToken ct)
    {
        _modules = modules;
        _sources = sources;
        _store = store;
        _scope = scope;
        _ct = ct;
        _searches = new ModuleSearch[modules.Count];
        for (int i = 0; i < _searches.Length; i++)
        {
            _searches[i] = new ModuleSearch();
        }
    }

    /// <summary>The symcache of a module, or why there is none. The lease belongs to this resolver.</summary>
    public Task<DerivedLease<SymCacheFile>> GetSymbolsAsync(int module)
    {
        var search = _searches[module];
        lock (search)
        {
            return search.Debug ??= FindAsync(module, ObjectPurpose.Debug, _store.GetSymCacheAsync);
        }
    }

    /// <summary>The unwind table of a module, or why there is none. The lease belongs to this resolver.</summary>
    public Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(int module)
    {
        var search = _searches[module];
        lock (search)
        {
            return search.Unwind ??= FindAsync(module, ObjectPurpose.Unwind, _store.GetUnwindTableAsync);
        }
    }

    /// <summary>
    /// The code of a module's executable where the file with the unwind information has none, as a PDB or a debug
    /// companion; null when that has code itself or the executable was not found. Asks no source again. The lease belongs
    /// to this resolver.
    /// </summary>
    public async Task<ICodeView?> GetCodeAsync(int module)
    {
        if ((await GetUnwindTableAsync(module).ConfigureAwait(false)).Value is ICodeView)
        {
            return null;
        }

        Task<DerivedLease<ICodeView>?> search;
        lock (_searches[module])
        {
            search = _searches[module].Code ??= FindCodeAsync(_searches[module]);
        }

        return (await search.ConfigureAwait(false))?.Value;
    }

    /// <summary>What was done for a module so far.</summary>
    public ModuleTrail TrailOf(int module) => _searches[module].Trail;

    /// <summary>True once anything of a module has been asked for.</summary>
    public bool WasAsked(int module) => _searches[module].Debug is not null || _searches[module].Unwind is not null;

    /// <summary>How a search ended; unused when nobody asked.</summary>
    public ModuleStatus StatusOf(int module, ObjectPurpose purpose) => purpose == ObjectPurpose.Debug
        ? Status(_searches[module].Debug)
        : Status(_searches[module].Unwind);

    /// <summary>
    /// A module with what its executable says of the debug file, where the dump says nothing: known once the executable
    /// has been looked at, or used for unwinding.
    /// </summary>
    public ModuleInfo Complete(int module, ModuleInfo info)
    {
        ObjectIdentity? executable;
        lock (_searches[module])
        {
            executable = _searches[module].Executable;
        }

        if (executable is null || (info.DebugId is not null && info.DebugFile is not null))
        {
            return info;
        }

        // ELF debug files are named after the image.
        string? name = executable.Name ?? (info.Type == ObjectType.Elf ? ObjectNames.FileName(info.CodeFile) : null);
        return info with { DebugId = info.DebugId ?? executable.DebugId, DebugFile = info.DebugFile ?? name };
    }

    /// <summary>Of all files that were used; of the best one when none could be.</summary>
    public ObjectFeatures FeaturesOf(int module)
    {
        lock (_searches[module])
        {
            return _searches[module].Features;
        }
    }

    /// <summary>Architecture of the symcache, unknown without one.</summary>
    public Arch ArchOf(int module) =>
        _searches[module].Debug is { IsCompletedSuccessfully: true } debug && debug.GetAwaiter().GetResult().Value is { } cache
            ? cache.Info.Arch
            : Arch.Unknown;

    public async ValueTask DisposeAsync()
    {
        foreach (var search in _searches)
        {
            await ReleaseAsync(search.Debug).ConfigureAwait(false);
            await ReleaseAsync(search.Unwind).ConfigureAwait(false);
            await ReleaseAsync(search.Code).ConfigureAwait(false);
        }

        _parallel.Dispose();
    }

    private static async Task ReleaseAsync<T>(Task<T>? search)
        where T : class?, IDisposable?
    {
        if (search is null)
        {
            return;
        }

        // A failed search has been reported to whoever waited for it.
        await ((Task)search).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (search.IsCompletedSuccessfully)
        {
            (await search.ConfigureAwait(false))?.Dispose();
        }
    }

    private static ModuleStatus Status<T>(Task<DerivedLease<T>>? search)
        where T : class => search switch
        {
            null => ModuleStatus.Unused,
            { IsCompletedSuccessfully: true } => search.GetAwaiter().GetResult().Status.ToModuleStatus(),
            _ => ModuleStatus.Other,
        };

    private async Task<DerivedLease<T>> FindAsync<T>(
        int module, ObjectPurpose purpose, Func<StoredObject, CancellationToken, Task<DerivedLease<T>>> derive)
        where T : class
    {
        // Managed code has other addresses than native symbols: never mix them.
        if (_modules[module].Type == ObjectType.PeDotnet)
        {
            return new DerivedLease<T>(ObjectStatus.Unsupported, "managed code is not supported yet", null, [], null);
        }

        var search = _searches[module];
        await IdentifyOnce(module).ConfigureAwait(false);
        if (purpose == ObjectPurpose.Debug && Complete(module, _modules[module]) is { DebugId: null } or { DebugFile: null }
            && search.Unwind is { } unwind)
        {
            // It may tell what to look for; its failure is for those who asked for it.
            await ((Task)unwind).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var stored = await Task.WhenAll(Fetch(module, FileTypeLists.For(_modules[module].Type, purpose), noteEmpty: true)).ConfigureAwait(false);
        foreach (var candidate in stored)
        {
            search.Trail.Add(candidate);
        }

        DerivedLease<T>? firstFailure = null;
        var failedFeatures = ObjectFeatures.None;
        foreach (var candidate in stored.Where(s => IsSuitable(s, purpose)).OrderBy(s => s.IsOfAnotherAge).ThenBy(s => Quality(s, purpose)))
        {
            var lease = await derive(candidate, _ct).ConfigureAwait(false);
            search.Trail.AddUse(candidate, new LookupStep.Used(purpose, lease.Status, lease.Detail), StepsOf(candidate, lease));
            if (lease.Status == ObjectStatus.Found)
            {
                search.NoteUse(purpose, candidate);
                firstFailure?.Dispose();
                return lease;
            }

            if (firstFailure is null)
            {
                firstFailure = lease;
                failedFeatures = candidate.Features;
            }
            else
            {
                lease.Dispose();
            }
        }

        if (firstFailure is not null)
        {
            search.NoteFeatures(failedFeatures);
            return firstFailure;
        }

        var worst = stored.Where(s => s.Status != ObjectStatus.Found).MaxBy(s => s.Status.Weight());
        return new DerivedLease<T>(worst?.Status ?? ObjectStatus.NotFound, worst?.Detail, null, [], null);
    }

    /// <summary>
    /// Looks at the executable first where the module does not say what debug file it has and the executable can be found
    /// without: dumps of modules without a CodeView record, as Wine writes them, know only time and size of the image.
    /// </summary>
    private Task IdentifyOnce(int module)
    {
        var search = _searches[module];
        lock (search)
        {
            return search.Identified ??= _modules[module] switch
            {
                { CodeId: not null, Type: ObjectType.Pe } and ({ DebugId: null } or { DebugFile: null }) => IdentifyAsync(module, FileType.Pe),
                { CodeId: not null, Type: ObjectType.Elf, DebugId: null } => IdentifyAsync(module, FileType.ElfCode),
                _ => Task.CompletedTask,
            };
        }
    }

    private async Task IdentifyAsync(int module, FileType executable)
    {
        var search = _searches[module];
        var stored = await Task.WhenAll(Fetch(module, [executable], noteEmpty: false)).ConfigureAwait(false);
        if (Array.Find(stored, s => s is { Status: ObjectStatus.Found, Identity.DebugId: not null }) is not { } found)
        {
            return;
        }

        search.NoteExecutable(found.Identity);
        if (Complete(module, _modules[module]) is var complete && complete != _modules[module])
        {
            search.Trail.Add(new LookupStep.Completed(found.Source.Id, found.Location.Uri, complete.DebugId, complete.DebugFile));
        }
    }

    /// <summary>Asks every source for every place of some file types.</summary>
    /// <param name="module">Whose files.</param>
    /// <param name="types">In order of preference.</param>
    /// <param name="noteEmpty">Notes in the trail which sources have no place for any of them.</param>
    private List<Task<StoredObject>> Fetch(int module, IReadOnlyList<FileType> types, bool noteEmpty)
    {
        var search = _searches[module];
        var info = Complete(module, _modules[module]);
        var fetches = new List<Task<StoredObject>>();
        var seen = new HashSet<(string, string)>();
        foreach (var source in _sources)
        {
            bool listed = false;
            foreach (var type in types)
            {
                var query = ToQuery(info, type);
                foreach (var location in source.Locate(query))
                {
                    listed = true;
                    if (fetches.Count < MaxCandidates && seen.Add((source.Id, location.Uri)))
                    {
                        fetches.Add(FetchOnce(search, source, location, query));
                    }
                }
            }

            if (!listed && noteEmpty)
            {
                search.Trail.AddNothingListed(source.Id);
            }
        }

        return fetches;
    }

    private async Task<DerivedLease<ICodeView>?> FindCodeAsync(ModuleSearch search)
    {
        Task<StoredObject>[] fetches;
        lock (search)
        {
            fetches = [.. search.Fetches.Values];
        }

        // All of them have ended with the search for unwind information.
        foreach (var stored in await Task.WhenAll(fetches).ConfigureAwait(false))
        {
            if (stored is not { Status: ObjectStatus.Found, Location.FileType: FileType.Pe or FileType.ElfCode or FileType.MachCode })
            {
                continue;
            }

            var lease = await _store.GetCodeAsync(stored, _ct).ConfigureAwait(false);
            if (lease.Value is not null)
            {
                return lease;
            }

            lease.Dispose();
        }

        return null;
    }

    /// <summary>A place that serves both purposes is asked once.</summary>
    private Task<StoredObject> FetchOnce(ModuleSearch search, ISymbolSource source, ObjectLocation location, ObjectQuery query)
    {
        lock (search)
        {
            var key = (source.Id, location.Uri);
            if (!search.Fetches.TryGetValue(key, out var fetch))
            {
                fetch = FetchAsync(source, location, query);
                search.Fetches.Add(key, fetch);
            }

            return fetch;
        }
    }

    private async Task<StoredObject> FetchAsync(ISymbolSource source, ObjectLocation location, ObjectQuery query)
    {
        if (source is UnsupportedSymbolSource)
        {
            return new StoredObject(
                source, location, _scope, query, ObjectStatus.Unsupported, UnsupportedSymbolSource.Reason, ObjectFeatures.None,
                [new LookupStep.Asked(source.Id, location.Uri)]);
        }

        await _parallel.WaitAsync(_ct).ConfigureAwait(false);
        try
        {
            return await _store.GetObjectAsync(source, location, query, _scope, _ct).ConfigureAwait(false);
        }
        finally
        {
            _parallel.Release();
        }
    }

    private static ObjectQuery ToQuery(ModuleInfo module, FileType type) =>
        new(module.Type, type, module.CodeId, module.CodeFile, module.DebugId, module.DebugFile, module.DebugChecksum);

    private static IReadOnlyList<LookupStep> StepsOf<T>(StoredObject stored, DerivedLease<T> lease)
        where T : class => stored is { IsOfAnotherAge: true, Query.DebugId: { } wanted, Identity.DebugId: { } actual }
            ? [new LookupStep.AgeDiffered(wanted.Age, actual.Age), .. lease.Steps]
            : lease.Steps;

    private static bool IsSuitable(StoredObject stored, ObjectPurpose purpose) =>
        stored.Status == ObjectStatus.Found && (purpose == ObjectPurpose.Unwind
            ? stored.Features.HasFlag(ObjectFeatures.UnwindInfo)
            : (stored.Features & (ObjectFeatures.DebugInfo | ObjectFeatures.Symbols)) != 0);

    private static int Quality(StoredObject stored, ObjectPurpose purpose) =>
        purpose == ObjectPurpose.Unwind || stored.Features.HasFlag(ObjectFeatures.DebugInfo) ? 0 : 1;

    /// <summary>State of one module; locked for each change.</summary>
    private sealed class ModuleSearch
    {
        public ModuleTrail Trail { get; } = new();

        public Dictionary<(string Source, string Location), Task<StoredObject>> Fetches { get; } = [];

        public Task<DerivedLease<SymCacheFile>>? Debug { get; set; }

        public Task<DerivedLease<IUnwindTable>>? Unwind { get; set; }

        public Task<DerivedLease<ICodeView>?>? Code { get; set; }

        public ObjectFeatures Features { get; private set; }

        /// <summary>The look at the executable before any search.</summary>
        public Task? Identified { get; set; }

        /// <summary>Of the executable, else of the file that is used for unwinding.</summary>
        public ObjectIdentity? Executable { get; private set; }

        public void NoteExecutable(ObjectIdentity? executable)
        {
            lock (this)
            {
                Executable = executable;
            }
        }

        public void NoteUse(ObjectPurpose purpose, StoredObject stored)
        {
            lock (this)
            {
                Features |= stored.Features;
                Executable ??= purpose == ObjectPurpose.Unwind ? stored.Identity : null;
            }
        }

        public void NoteFeatures(ObjectFeatures features)
        {
            lock (this)
            {
                Features |= features;
            }
        }
    }
}
