using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Objects;

public sealed class ModuleResolverTests
{
    private const ObjectFeatures Full = ObjectFeatures.DebugInfo | ObjectFeatures.Symbols;

    private readonly ScriptedStore _store = new();

    [Fact]
    public async Task Debug_information_beats_symbols_whatever_the_order()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = ObjectFeatures.Symbols });
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));
        var lease = await resolver.GetSymbolsAsync(0);

        Assert.Equal(ObjectStatus.Found, lease.Status);
        Assert.Equal(["s mem://app/elf_debug"], _store.Converted);
        Assert.Equal(ModuleStatus.Found, resolver.StatusOf(0, ObjectPurpose.Debug));
        Assert.Equal(ModuleStatus.Unused, resolver.StatusOf(0, ObjectPurpose.Unwind));
        Assert.Equal(Full, resolver.FeaturesOf(0));
        Assert.Equal(Arch.Amd64, resolver.ArchOf(0));
    }

    [Theory]
    [InlineData(ObjectPurpose.Debug)]
    [InlineData(ObjectPurpose.Unwind)]
    public async Task A_file_of_the_right_age_beats_a_better_one_of_another_age(ObjectPurpose purpose)
    {
        PutAges("later", "exact");

        await using var resolver = AgedResolver("later", "exact");
        await Resolve(resolver, purpose);

        Assert.Equal(["exact mem://app/pdb"], _store.Converted);
        Assert.Null(Used(resolver, "exact", purpose)?.Details);
        Assert.Null(Used(resolver, "later", purpose));
    }

    [Theory]
    [InlineData(ObjectPurpose.Debug)]
    [InlineData(ObjectPurpose.Unwind)]
    public async Task A_file_of_another_age_is_used_and_said_to_be_one(ObjectPurpose purpose)
    {
        PutAges("later");

        await using var resolver = AgedResolver("later");
        await Resolve(resolver, purpose);

        Assert.Equal(["later mem://app/pdb"], _store.Converted);
        Assert.Equal(
            new CandidateUse { Status = UseStatus.Ok, Details = "the file has age 3, the module asks for 2" }, Used(resolver, "later", purpose));
        Assert.Equal(new LookupStep.AgeDiffered(2, 3), Assert.Single(resolver.TrailOf(0).Candidates[0].Steps.OfType<LookupStep.AgeDiffered>()));
    }

    [Fact]
    public async Task Of_equals_the_first_source_wins()
    {
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = Resolver(new ScriptedSource("b", FileType.ElfDebug), new ScriptedSource("a", FileType.ElfDebug));
        await resolver.GetSymbolsAsync(0);

        Assert.Equal(["b mem://app/elf_debug"], _store.Converted);
        Assert.Equal(["a mem://app/elf_debug", "b mem://app/elf_debug"], _store.Asked.Order());
    }

    [Fact]
    public async Task Unwinding_takes_the_file_with_unwind_information()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = ObjectFeatures.UnwindInfo | ObjectFeatures.Symbols });
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));
        var unwind = await resolver.GetUnwindTableAsync(0);
        await resolver.GetSymbolsAsync(0);

        Assert.NotNull(unwind.Value);
        Assert.Equal(["s mem://app/elf_code", "s mem://app/elf_debug"], _store.Converted);
        Assert.Equal(2, _store.Asked.Count);
        Assert.Equal(Full | ObjectFeatures.UnwindInfo, resolver.FeaturesOf(0));
    }

    [Theory]
    [InlineData(ObjectStatus.NotFound, ModuleStatus.Missing)]
    [InlineData(ObjectStatus.WrongFile, ModuleStatus.Missing)]
    [InlineData(ObjectStatus.Denied, ModuleStatus.FetchingFailed)]
    [InlineData(ObjectStatus.Failed, ModuleStatus.FetchingFailed)]
    [InlineData(ObjectStatus.TimedOut, ModuleStatus.Timeout)]
    [InlineData(ObjectStatus.Malformed, ModuleStatus.Malformed)]
    [InlineData(ObjectStatus.TooLarge, ModuleStatus.Malformed)]
    [InlineData(ObjectStatus.Unsupported, ModuleStatus.Unsupported)]
    [InlineData(ObjectStatus.Internal, ModuleStatus.Other)]
    public async Task An_error_is_not_hidden_by_places_without_the_file(ObjectStatus status, ModuleStatus expected)
    {
        Put(FileType.Pdb, new(status));

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.Pdb, FileType.ElfDebug));
        var lease = await resolver.GetSymbolsAsync(0);

        Assert.Null(lease.Value);
        Assert.Equal(expected, resolver.StatusOf(0, ObjectPurpose.Debug));
    }

    [Theory]
    [InlineData(ObjectStatus.Denied, ObjectStatus.Failed)]
    [InlineData(ObjectStatus.Malformed, ObjectStatus.Denied)]
    [InlineData(ObjectStatus.TimedOut, ObjectStatus.Failed)]
    [InlineData(ObjectStatus.Failed, ObjectStatus.Unsupported)]
    [InlineData(ObjectStatus.Unsupported, ObjectStatus.WrongFile)]
    [InlineData(ObjectStatus.WrongFile, ObjectStatus.NotFound)]
    public async Task Of_several_errors_the_most_telling_is_reported(ObjectStatus stronger, ObjectStatus weaker)
    {
        Put(FileType.ElfCode, new(weaker));
        Put(FileType.ElfDebug, new(stronger));

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));

        Assert.Equal(stronger, (await resolver.GetSymbolsAsync(0)).Status);
    }

    [Fact]
    public async Task A_usable_file_beats_every_error()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Malformed));
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = ObjectFeatures.Symbols });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));

        Assert.Equal(ObjectStatus.Found, (await resolver.GetSymbolsAsync(0)).Status);
    }

    [Fact]
    public async Task A_file_that_is_good_for_nothing_leaves_the_module_missing()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = ObjectFeatures.UnwindInfo });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode));

        Assert.Equal(ObjectStatus.NotFound, (await resolver.GetSymbolsAsync(0)).Status);
        Assert.Empty(_store.Converted);
    }

    [Fact]
    public async Task When_the_best_file_cannot_be_converted_the_next_is_used()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = ObjectFeatures.Symbols });
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full, Converted = ObjectStatus.Malformed });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));
        var lease = await resolver.GetSymbolsAsync(0);

        Assert.Equal(ObjectStatus.Found, lease.Status);
        var candidates = CandidateView.Of(resolver.TrailOf(0))!;
        Assert.Equal(UseStatus.Ok, candidates[0].Debug?.Status);
        Assert.Equal(DownloadStatus.Ok, candidates[1].Download.Status);
        Assert.Equal(UseStatus.Malformed, candidates[1].Debug?.Status);
        Assert.Equal(ObjectFeatures.Symbols, resolver.FeaturesOf(0));
    }

    [Fact]
    public async Task A_failed_conversion_is_the_modules_status()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = ObjectFeatures.Symbols, Converted = ObjectStatus.Internal });
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full, Converted = ObjectStatus.Malformed });

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug));

        Assert.Equal(ObjectStatus.Malformed, (await resolver.GetSymbolsAsync(0)).Status);
        Assert.Equal(Arch.Unknown, resolver.ArchOf(0));
        Assert.Equal(Full, resolver.FeaturesOf(0));
    }

    [Theory]
    [InlineData(null, null, "Demo.pdb", "33d-2")]
    [InlineData("33d-9", null, "Demo.pdb", "33d-9")]
    [InlineData(null, "app", "app", "33d-2")]
    public async Task The_executable_tells_what_the_dump_does_not(string? debugId, string? debugFile, string expectedFile, string expectedId)
    {
        var module = new ModuleInfo { Type = ObjectType.Pe, CodeId = CodeId.Parse("18"), DebugId = Id(debugId), DebugFile = debugFile };
        _store.Files[ScriptedSource.Place(FileType.Pe, debugFile).Uri] = new(ObjectStatus.Found)
        {
            Features = ObjectFeatures.UnwindInfo,
            Identity = new ObjectIdentity(FileFormat.Pe, Arch.Amd64, Id("33d-2"), null, "Demo.pdb"),
        };
        Put(FileType.Pdb, expectedFile, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.Pe, FileType.Pdb)], _store, null, CancellationToken.None);
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;
        var unwind = resolver.GetUnwindTableAsync(0);
        var symbols = resolver.GetSymbolsAsync(0);
        Assert.Equal(module, resolver.Complete(0, module));
        gate.SetResult();
        await unwind;

        Assert.Equal(ObjectStatus.Found, (await symbols).Status);
        Assert.Equal(module with { DebugFile = expectedFile, DebugId = Id(expectedId) }, resolver.Complete(0, module));

        static DebugId? Id(string? text) => text is null ? null : new DebugId(0, 0x33d, uint.Parse(text[4..], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(ObjectPurpose.Debug)]
    [InlineData(ObjectPurpose.Unwind)] // x86: the PDB unwinds too
    public async Task The_executable_is_looked_at_first_when_only_its_code_id_is_known(ObjectPurpose purpose)
    {
        var module = new ModuleInfo { Type = ObjectType.Pe, CodeId = CodeId.Parse("5f3c1a2b1c000"), CodeFile = "C:/demo.exe" };
        var id = new DebugId(3, 4, 2);
        _store.Files[ScriptedSource.Place(FileType.Pe).Uri] = new(ObjectStatus.Found)
        {
            Identity = new ObjectIdentity(FileFormat.Pe, Arch.X86, id, module.CodeId, "Demo.pdb"),
        };
        Put(FileType.Pdb, "Demo.pdb", new(ObjectStatus.Found) { Features = Full | ObjectFeatures.UnwindInfo });

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.Pe, FileType.Pdb)], _store, null, CancellationToken.None);
        var status = purpose == ObjectPurpose.Debug ? (await resolver.GetSymbolsAsync(0)).Status : (await resolver.GetUnwindTableAsync(0)).Status;

        Assert.Equal(ObjectStatus.Found, status);
        Assert.Equal("s mem:///pe", _store.Asked[0]);
        Assert.Equal(["s mem://Demo.pdb/pdb"], _store.Converted);
        Assert.Equal(
            new LookupStep.Completed("s", "mem:///pe", id, "Demo.pdb"), Assert.Single(resolver.TrailOf(0).Steps.OfType<LookupStep.Completed>()));
        Assert.Equal(module with { DebugId = id, DebugFile = "Demo.pdb" }, resolver.Complete(0, module));
    }

    [Fact]
    public async Task Both_searches_share_the_look_at_the_executable()
    {
        var module = new ModuleInfo { Type = ObjectType.Elf, CodeId = CodeId.Parse("180a373d"), DebugFile = "app" };
        _store.Files[ScriptedSource.Place(FileType.ElfCode, "app").Uri] = new(ObjectStatus.Found)
        {
            Features = ObjectFeatures.UnwindInfo,
            Identity = new ObjectIdentity(FileFormat.Elf, Arch.Amd64, new DebugId(1, 2, 0), module.CodeId, null),
        };
        Put(FileType.Breakpad, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.ElfCode, FileType.Breakpad)], _store, null, CancellationToken.None);
        var unwind = resolver.GetUnwindTableAsync(0);

        Assert.Equal(ObjectStatus.Found, (await resolver.GetSymbolsAsync(0)).Status);
        Assert.Equal(ObjectStatus.Found, (await unwind).Status);
        Assert.Single(_store.Asked, "s mem://app/elf_code");
        Assert.Single(resolver.TrailOf(0).Steps.OfType<LookupStep.Completed>());
    }

    [Fact]
    public async Task A_module_that_says_what_it_wants_is_searched_everywhere_at_once()
    {
        var module = new ModuleInfo { Type = ObjectType.Pe, CodeId = CodeId.Parse("18"), DebugId = new DebugId(3, 4, 2), DebugFile = "app" };
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.Pe, FileType.Pdb)], _store, null, CancellationToken.None);
        var symbols = resolver.GetSymbolsAsync(0);
        Assert.Equal(["s mem://app/pe", "s mem://app/pdb"], _store.Asked);
        gate.SetResult();
        await symbols;

        Assert.Empty(resolver.TrailOf(0).Steps);
    }

    [Fact]
    public async Task Without_the_executable_the_search_goes_on_with_what_is_known()
    {
        var module = new ModuleInfo { Type = ObjectType.Pe, CodeId = CodeId.Parse("18"), CodeFile = "app.exe" };
        _store.Files[ScriptedSource.Place(FileType.Breakpad).Uri] = new(ObjectStatus.Found) { Features = Full };

        await using var resolver = new ModuleResolver(
            [module], [new ScriptedSource("s", FileType.Breakpad), new ScriptedSource("t")], _store, null, CancellationToken.None);

        Assert.Equal(ObjectStatus.Found, (await resolver.GetSymbolsAsync(0)).Status);
        Assert.Equal(
            ["s mem:///breakpad", $"t {CandidateInfo.NothingListed}"],
            CandidateView.Of(resolver.TrailOf(0))!.Select(c => $"{c.Source} {c.Location}"));
    }

    [Fact]
    public async Task An_image_that_cannot_be_used_tells_nothing()
    {
        var module = new ModuleInfo { Type = ObjectType.Elf, CodeFile = "/bin/app" };
        _store.Files[ScriptedSource.Place(FileType.ElfCode).Uri] = new(ObjectStatus.Found)
        {
            Features = ObjectFeatures.UnwindInfo,
            Identity = new ObjectIdentity(FileFormat.Elf, Arch.Amd64, new DebugId(1, 2, 0), null, null),
            Converted = ObjectStatus.Malformed,
        };

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.ElfCode)], _store, null, CancellationToken.None);
        await resolver.GetUnwindTableAsync(0);

        Assert.Equal(module, resolver.Complete(0, module));
    }

    [Fact]
    public async Task Debug_files_of_elf_are_named_after_the_image()
    {
        var module = new ModuleInfo { Type = ObjectType.Elf, CodeFile = "/bin/app" };
        _store.Files[ScriptedSource.Place(FileType.ElfCode).Uri] = new(ObjectStatus.Found)
        {
            Features = ObjectFeatures.UnwindInfo,
            Identity = new ObjectIdentity(FileFormat.Elf, Arch.Amd64, new DebugId(1, 2, 0), null, null),
        };

        await using var resolver = new ModuleResolver([module], [new ScriptedSource("s", FileType.ElfCode)], _store, null, CancellationToken.None);
        await resolver.GetUnwindTableAsync(0);

        Assert.Equal(module with { DebugFile = "app", DebugId = new DebugId(1, 2, 0) }, resolver.Complete(0, module));
    }

    [Fact]
    public async Task Candidates_are_unique_sorted_and_tell_their_download()
    {
        _store.Files["b mem://app/elf_code"] = new(ObjectStatus.Denied) { Detail = "403 Forbidden" };
        _store.Files["b mem://app/breakpad"] = new(ObjectStatus.Failed) { Detail = "500 Internal Server Error" };
        _store.Files["b mem://app/pdb"] = new(ObjectStatus.Malformed) { Detail = "the stream directory is cut" };
        _store.Files["b mem://app/elf_debug"] = new(ObjectStatus.TimedOut) { Detail = "download timed out after 200ms" };
        _store.Files["a mem://app/elf_debug"] = new(ObjectStatus.Found) { Features = Full | ObjectFeatures.UnwindInfo };

        await using var resolver = Resolver(
            new ScriptedSource("c"),
            new ScriptedSource("b", FileType.ElfCode, FileType.Breakpad, FileType.Pdb, FileType.ElfDebug, FileType.MachDebug),
            new ScriptedSource("a", FileType.ElfDebug));
        await resolver.GetSymbolsAsync(0);
        await resolver.GetUnwindTableAsync(0);
        var candidates = CandidateView.Of(resolver.TrailOf(0))!;

        Assert.Equal(
            [
                "a mem://app/elf_debug Ok ", "b mem://app/breakpad Error download failed: 500 Internal Server Error",
                "b mem://app/elf_code NoPermission 403 Forbidden", "b mem://app/elf_debug Error download timed out after 200ms",
                "b mem://app/mach_debug NotFound ", "b mem://app/pdb Malformed the stream directory is cut",
                "c No object files listed on this source NotFound ",
            ],
            candidates.Select(c => $"{c.Source} {c.Location} {c.Download.Status} {c.Download.Details}"));
        Assert.Equal(UseStatus.Ok, candidates[0].Debug?.Status);
        Assert.Equal(UseStatus.Ok, candidates[0].Unwind?.Status);
        Assert.True(candidates[0].Download.Features is { HasDebugInfo: true, HasUnwindInfo: true, HasSymbols: true, HasSources: false });
        Assert.All(candidates.Skip(1), c => Assert.True(c.Debug is null && c.Unwind is null && c.Download.Features is null));
    }

    [Fact]
    public async Task A_source_without_a_place_is_listed_as_such_even_when_another_purpose_had_one()
    {
        await using var resolver = Resolver(ObjectType.Wasm, new ScriptedSource("s"));
        await resolver.GetSymbolsAsync(0);
        await resolver.GetUnwindTableAsync(0);

        var candidate = Assert.Single(CandidateView.Of(resolver.TrailOf(0))!);
        Assert.Equal(CandidateInfo.NothingListed, candidate.Location);
        Assert.Equal(DownloadStatus.NotFound, candidate.Download.Status);
    }

    [Fact]
    public async Task A_module_is_resolved_once_however_often_it_is_asked_for()
    {
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full });
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;

        await using var resolver = Resolver(new ScriptedSource("s", FileType.ElfDebug));
        var first = resolver.GetSymbolsAsync(0);
        var second = resolver.GetSymbolsAsync(0);
        gate.SetResult();

        Assert.Same(await first, await second);
        Assert.Single(_store.Asked);
        Assert.Single(_store.Converted);
    }

    [Fact]
    public async Task All_leases_are_given_back()
    {
        Put(FileType.ElfCode, new(ObjectStatus.Found) { Features = Full | ObjectFeatures.UnwindInfo });

        var resolver = Resolver(new ScriptedSource("s", FileType.ElfCode));
        await resolver.GetSymbolsAsync(0);
        await resolver.GetUnwindTableAsync(0);
        Assert.Equal(2, _store.OpenLeases);
        await resolver.DisposeAsync();

        Assert.Equal(0, _store.OpenLeases);
    }

    [Fact]
    public async Task The_executable_gives_its_code_where_the_unwind_file_has_none()
    {
        var code = new Code();
        Put(FileType.Pe, new(ObjectStatus.Found) { Code = code });
        Put(FileType.Pdb, new(ObjectStatus.Found) { Features = Full | ObjectFeatures.UnwindInfo });

        var resolver = Resolver(ObjectType.Pe, new ScriptedSource("s", FileType.Pe, FileType.Pdb));
        Assert.Same(code, await resolver.GetCodeAsync(0));
        Assert.Same(code, await resolver.GetCodeAsync(0));
        Assert.Equal(["s mem://app/pdb"], _store.Converted);
        Assert.Equal((2, 2), (_store.Asked.Count, _store.OpenLeases)); // table and code
        await resolver.DisposeAsync();

        Assert.Equal(0, _store.OpenLeases);
    }

    [Fact]
    public async Task Without_an_executable_there_is_no_code()
    {
        Put(FileType.Pdb, new(ObjectStatus.Found) { Features = Full | ObjectFeatures.UnwindInfo, Code = new Code() });

        await using var resolver = Resolver(ObjectType.Pe, new ScriptedSource("s", FileType.Pe, FileType.Pdb));

        Assert.Null(await resolver.GetCodeAsync(0));
    }

    [Fact]
    public async Task A_table_with_code_needs_no_other()
    {
        Put(FileType.Pe, new(ObjectStatus.Found) { Features = ObjectFeatures.UnwindInfo, Table = new Code(), Code = new Code() });

        await using var resolver = Resolver(ObjectType.Pe, new ScriptedSource("s", FileType.Pe));

        Assert.Null(await resolver.GetCodeAsync(0));
    }

    [Fact]
    public async Task A_cancelled_request_ends_its_searches()
    {
        using var cancel = new CancellationTokenSource();
        _store.Gate = new TaskCompletionSource().Task;
        var resolver = new ModuleResolver([Module(ObjectType.Elf)], [new ScriptedSource("s", FileType.ElfDebug)], _store, null, cancel.Token);
        var search = resolver.GetSymbolsAsync(0);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search);
        await resolver.DisposeAsync();
        Assert.Equal(ModuleStatus.Other, resolver.StatusOf(0, ObjectPurpose.Debug));
    }

    [Fact]
    public async Task A_source_of_a_kind_that_cannot_be_asked_is_a_candidate_and_fails_nothing()
    {
        Put(FileType.ElfDebug, new(ObjectStatus.Found) { Features = Full });
        var s3 = new UnsupportedSymbolSource(new S3SourceConfig
        {
            Id = "bucket",
            Bucket = "b",
            Prefix = "/p/",
            Layout = new LayoutConfig { Type = LayoutType.Debuginfod },
        });
        var sentry = new UnsupportedSymbolSource(new SentrySourceConfig { Id = "sentry", Url = new Uri("https://x/"), Token = "t" });

        await using var resolver = Resolver(s3, sentry, new ScriptedSource("s", FileType.ElfDebug));
        Assert.Equal(ObjectStatus.Found, (await resolver.GetSymbolsAsync(0)).Status);

        var candidates = CandidateView.Of(resolver.TrailOf(0))!;
        Assert.Equal(
            [
                "bucket s3://b/p/18/debuginfo", "bucket s3://b/p/18/executable", "s mem://app/elf_debug",
                "sentry sentry://project_debug_file/",
            ],
            candidates.Select(c => $"{c.Source} {c.Location}"));
        Assert.Equal("unsupported: sources of this type cannot be asked yet", candidates[0].Download.Details);
        Assert.Equal(["s mem://app/elf_debug"], _store.Asked);
    }

    [Fact]
    public async Task Without_another_answer_the_module_is_unsupported()
    {
        var gcs = new UnsupportedSymbolSource(new GcsSourceConfig { Id = "g", Bucket = "b", BearerToken = "t", Layout = new LayoutConfig { Type = LayoutType.Debuginfod } });

        await using var resolver = Resolver(gcs, new ScriptedSource("s", FileType.ElfDebug));
        await resolver.GetSymbolsAsync(0);

        Assert.Equal(ModuleStatus.Unsupported, resolver.StatusOf(0, ObjectPurpose.Debug));
    }

    [Fact]
    public async Task Managed_modules_never_get_native_symbols()
    {
        Put(FileType.PortablePdb, new(ObjectStatus.Found) { Features = Full });

        await using var resolver = Resolver(ObjectType.PeDotnet, new ScriptedSource("s", FileType.PortablePdb));

        Assert.Equal(ObjectStatus.Unsupported, (await resolver.GetSymbolsAsync(0)).Status);
        Assert.Empty(_store.Asked);
    }

    [Fact]
    public async Task The_number_of_places_is_bounded()
    {
        var sources = Enumerable.Range(0, ModuleResolver.MaxCandidates + 10)
            .Select(i => new ScriptedSource($"s{i}", FileType.ElfDebug)).ToArray();

        await using var resolver = Resolver(sources);
        await resolver.GetSymbolsAsync(0);

        Assert.Equal(ModuleResolver.MaxCandidates, _store.Asked.Count);
    }

    private void Put(FileType type, ScriptedFile file) => Put(type, "app", file);

    private void Put(FileType type, string name, ScriptedFile file) => _store.Files[ScriptedSource.Place(type, name).Uri] = file;

    private ModuleResolver Resolver(params ISymbolSource[] sources) => Resolver(ObjectType.Elf, sources);

    private ModuleResolver Resolver(ObjectType type, params ISymbolSource[] sources) =>
        new([Module(type)], sources, _store, null, CancellationToken.None);

    /// <summary>PDBs of a module with age 2, the exact one with symbols alone and the later one with everything.</summary>
    private void PutAges(params string[] sources)
    {
        foreach (string source in sources)
        {
            bool exact = source == "exact";
            _store.Files[$"{source} mem://app/pdb"] = new(ObjectStatus.Found)
            {
                Features = ObjectFeatures.UnwindInfo | (exact ? ObjectFeatures.Symbols : Full),
                Identity = new ObjectIdentity(FileFormat.Pdb, Arch.Amd64, new DebugId(3, 4, exact ? 2u : 3u), null, null),
            };
        }
    }

    private ModuleResolver AgedResolver(params string[] sources) => new(
        [new ModuleInfo { Type = ObjectType.Pe, CodeId = CodeId.Parse("18"), DebugId = new DebugId(3, 4, 2), DebugFile = "app" }],
        [.. sources.Select(source => new ScriptedSource(source, FileType.Pdb))], _store, null, CancellationToken.None);

    private static async Task Resolve(ModuleResolver resolver, ObjectPurpose purpose) => Assert.Equal(
        ObjectStatus.Found,
        purpose == ObjectPurpose.Debug ? (await resolver.GetSymbolsAsync(0)).Status : (await resolver.GetUnwindTableAsync(0)).Status);

    private static CandidateUse? Used(ModuleResolver resolver, string source, ObjectPurpose purpose)
    {
        var candidate = Assert.Single(CandidateView.Of(resolver.TrailOf(0))!, c => c.Source == source);
        return purpose == ObjectPurpose.Debug ? candidate.Debug : candidate.Unwind;
    }

    /// <summary>A table that covers nothing, and code.</summary>
    private sealed class Code : IUnwindTable, ICodeView
    {
        public bool IsEmpty => true;

        public CpuFamily Cpu => CpuFamily.Amd64;

        public long EstimatedBytes => 0;

        public bool Covers(ulong rva) => false;

        public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
        {
            caller = default;
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        public UnwindDescription? Describe(ulong rva) => null;

        public bool TryReadCode(ulong rva, Span<byte> destination) => false;
    }

    private static ModuleInfo Module(ObjectType type) => new() { Type = type, CodeId = CodeId.Parse("18"), DebugFile = "app", ImageAddr = 0x1000 };
}
