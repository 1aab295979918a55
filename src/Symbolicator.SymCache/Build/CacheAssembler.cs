using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>Second pass: runs in address order become rows and contexts; then all sections are put together.</summary>
internal sealed class CacheAssembler(IObjectFile file, InternPool pool, RunStore store, SymCacheOptions options)
{
    /// <summary>Most bytes of overlapping functions that are read at the same time.</summary>
    private const long MaxOpenBytes = 64 << 20;

    private const int ManyOpen = 64;

    private readonly StringTable _names = new(pool);
    private readonly StringTable _paths = new(pool);
    private readonly List<int> _files = [];
    private readonly Dictionary<int, RunReader> _open = [];
    private int[] _fileNumbers = [];
    private int _forgetAt = ManyOpen;
    private long _openBytes;
    private long _mostOpenBytes;

    public BuildReport Write(Stream output, CancellationToken cancellationToken)
    {
        var runs = store.Runs;
        int[] order = RunSweep.Order(runs);
        RunSweep.CloseUnsizedSymbols(runs, order, file.ImageSize);
        bool[] usedFunctions = FindUsed(runs, order);
        store.Functions.UseNames(_names, usedFunctions);
        _names.Sort();
        store.Functions.AssignIds(_names, usedFunctions);
        _fileNumbers = new int[pool.FileCount + 1];

        using var rows = new SectionWriter(ScfSection.Rows, options.SpillDirectory);
        using var contexts = new ContextWriter(options.SpillDirectory);
        var writer = new RowWriter(rows);
        WriteRows(runs, order, writer, contexts, cancellationToken);
        UsePaths();

        bool plain = options.StringProfile == StringProfile.Plain;
        var sections = new List<SectionWriter> { rows };
        try
        {
            WriteIndexes(writer, sections);
            sections.Add(contexts.Finish());
            sections.Add(_names.Write(ScfSection.Names, plain, options.SpillDirectory));
            sections.Add(_paths.Write(ScfSection.Paths, plain, options.SpillDirectory));
            sections.RemoveAll(section => section.Length == 0);
            sections.Sort((left, right) => left.Kind.CompareTo(right.Kind));
            var counts = new ScfCounts(
                writer.RowCount,
                (uint)writer.BlockStarts.Count,
                contexts.Count,
                (uint)store.Functions.Count,
                (uint)store.Functions.EntryCount,
                (uint)_files.Count,
                (uint)_names.Count,
                (uint)_paths.Count);
            long length = WriteFile(output, sections, counts);
            return Report(length, counts);
        }
        finally
        {
            sections.ForEach(section => section.Dispose());
        }
    }

    /// <summary>Functions of the debug information, and whatever else has code to show.</summary>
    private bool[] FindUsed(ChunkedList<RunRecord> runs, int[] order)
    {
        bool[] used = new bool[store.Functions.RecordCount];
        foreach (var segment in RunSweep.Segments(runs, order))
        {
            used[runs[segment.Run].Function] = true;
        }

        for (int i = 0; i < runs.Count; i++)
        {
            used[runs[i].Function] |= runs[i].Kind <= RunKind.Function;
        }

        return used;
    }

    private void WriteRows(
        ChunkedList<RunRecord> runs, int[] order, RowWriter writer, ContextWriter contexts, CancellationToken cancellationToken)
    {
        ulong end = 0;
        foreach (var segment in RunSweep.Segments(runs, order))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (segment.Start > end)
            {
                writer.Add(end, -1, 0, 0);
            }

            if (!WriteSegment(segment, runs[segment.Run], writer, contexts))
            {
                writer.Add(segment.Start, -1, 0, 0);
            }

            end = segment.End;
            if (runs[segment.Run].End <= end)
            {
                Forget(segment.Run);
            }
        }

        // A symbol that nothing ends reaches to the last address.
        if (end != ulong.MaxValue)
        {
            writer.Add(end, -1, 0, 0);
        }

        writer.Flush();
    }

    private bool WriteSegment(in Segment segment, in RunRecord run, RowWriter writer, ContextWriter contexts)
    {
        if (!_open.TryGetValue(segment.Run, out var reader))
        {
            if (_open.Count >= _forgetAt || _openBytes + run.PayloadLength > MaxOpenBytes)
            {
                ForgetCovered(segment.Start);
            }

            if (_open.Count > 0 && _openBytes + run.PayloadLength > MaxOpenBytes)
            {
                file.Faults.Add(new ParseFault(MalformedReason.SizeOverLimit, 0), "overlapping functions");
                return false;
            }

            reader = run.PayloadLength == 0 ? RunReader.OfSymbol(run.Start) : store.Open(run);
            _open.Add(segment.Run, reader);
            _openBytes += reader.Bytes;
            _mostOpenBytes = Math.Max(_mostOpenBytes, _openBytes);
        }

        for (ulong at = segment.Start; at < segment.End; at = reader.NextAddress)
        {
            while (reader.NextAddress <= at)
            {
                reader.MoveNext();
            }

            writer.Add(at, ContextId(reader, reader.Context, run.Function, contexts), FileNumber(reader.File), reader.Line);
        }

        return true;
    }

    private void Forget(int run)
    {
        if (_open.Remove(run, out var reader))
        {
            _openBytes -= reader.Bytes;
        }
    }

    /// <summary>Closes runs that others covered to their end; rare, so it is done when many are open or room is short.</summary>
    private void ForgetCovered(ulong start)
    {
        foreach (int run in _open.Keys)
        {
            if (store.Runs[run].End <= start)
            {
                Forget(run);
            }
        }

        _forgetAt = Math.Max(ManyOpen, 2 * _open.Count);
    }

    private long ContextId(RunReader reader, int context, int function, ContextWriter contexts)
    {
        if (reader[context].Id >= 0)
        {
            return reader[context].Id;
        }

        // Parents first, without recursion: their local numbers are smaller.
        var path = new Stack<int>();
        int at = context;
        for (; at != 0 && reader[at].Id < 0; at = reader[at].Parent)
        {
            path.Push(at);
        }

        if (at == 0 && reader[0].Id < 0)
        {
            reader[0].Id = contexts.AddRoot(store.Functions.IdOfRecord(function));
        }

        long parent = reader[at].Id;
        while (path.TryPop(out int next))
        {
            ref var node = ref reader[next];
            node.Id = contexts.AddInlined(parent, store.Functions.IdOfInlined(node.Function), FileNumber(node.File), node.Line);
            parent = node.Id;
        }

        return parent;
    }

    /// <summary>Files are numbered from 1 in the order in which rows need them.</summary>
    private int FileNumber(int poolFile)
    {
        if (poolFile == 0)
        {
            return 0;
        }

        ref int number = ref _fileNumbers[poolFile];
        if (number == 0)
        {
            _files.Add(poolFile);
            number = _files.Count;
        }

        return number;
    }

    private void UsePaths()
    {
        foreach (int id in _files)
        {
            var path = pool.Get(new FileRef(id));
            _paths.Use(path.CompilationDirectory);
            _paths.Use(path.Directory);
            _paths.Use(path.Name);
        }

        _paths.Sort();
    }

    private void WriteIndexes(RowWriter writer, List<SectionWriter> sections)
    {
        var blocks = Add(ScfSection.BlockIndex, sections);
        foreach (ulong start in writer.BlockStarts)
        {
            blocks.WriteU32((uint)(start & uint.MaxValue));
        }

        blocks.WriteTable(writer.BlockOffsets);
        store.Functions.WriteFunctions(Add(ScfSection.Functions, sections), _names);
        store.Functions.WriteSummaries(Add(ScfSection.Summaries, sections));
        var files = Add(ScfSection.Files, sections);
        foreach (int id in _files)
        {
            var path = pool.Get(new FileRef(id));
            files.WriteU32((uint)_paths.NumberOf(path.Directory));
            files.WriteU32((uint)_paths.NumberOf(path.Name));
            files.WriteU32((uint)_paths.NumberOf(path.CompilationDirectory));
        }

        PageTable.Write(Add(ScfSection.Pages, sections), writer.BlockStarts, store.Functions.Entries);
    }

    private SectionWriter Add(ScfSection kind, List<SectionWriter> sections)
    {
        var section = new SectionWriter(kind, options.SpillDirectory);
        sections.Add(section);
        return section;
    }

    private long WriteFile(Stream output, List<SectionWriter> sections, in ScfCounts counts)
    {
        byte[] identity = ScfIdentity.Encode(file.CodeId, file.Name);
        byte[] directory = new byte[(sections.Count * ScfSectionEntry.Size) + identity.Length];
        identity.CopyTo(directory.AsSpan(sections.Count * ScfSectionEntry.Size));
        long end = ScfHeader.Size + directory.Length;
        for (int i = 0; i < sections.Count; i++)
        {
            long start = Align(end);
            var entry = new ScfSectionEntry(sections[i].Kind, new ByteRange(start, sections[i].Length), sections[i].Checksum);
            entry.Write(directory.AsSpan(i * ScfSectionEntry.Size));
            end = start + sections[i].Length;
        }

        byte[] header = new byte[ScfHeader.Size];
        Header(sections.Count, identity.Length, end, counts, Crc32C.Of(directory)).Write(header);
        output.Write(header);
        output.Write(directory);
        long at = header.Length + directory.Length;
        Span<byte> padding = stackalloc byte[ScfSectionEntry.Alignment];
        padding.Clear();
        foreach (var section in sections)
        {
            output.Write(padding[..(int)(Align(at) - at)]);
            section.CopyTo(output);
            at = Align(at) + section.Length;
        }

        return at;
    }

    private ScfHeader Header(int sections, int identityLength, long length, in ScfCounts counts, uint directoryChecksum)
    {
        bool plain = options.StringProfile == StringProfile.Plain;
        long faults = file.Faults.Total;
        var flags = (plain ? ScfFlags.PlainStrings : 0) | (faults > 0 ? ScfFlags.Partial : 0)
            | (file.DebugId is not null ? ScfFlags.HasDebugId : 0);
        return new ScfHeader(
            flags,
            file.Features,
            sections,
            file.DebugId ?? default,
            file.Arch,
            file.Kind,
            file.Format,
            file.ImageSize,
            length,
            (SymCacheBuilder.SemanticVersion << 8) | (plain ? 1UL : 0),
            options.SourceSize,
            counts,
            identityLength,
            (uint)Math.Min(faults, uint.MaxValue),
            directoryChecksum,
            file.ImageBase);
    }

    private BuildReport Report(long length, in ScfCounts counts)
    {
        const int InternPoolEntry = 40;
        const int Numbers = 20; // orders and ids
        long peak = (store.Runs.Count * (48L + FunctionTable.BytesPerRecord + Numbers))
            + (2L * SymbolIndex.BytesPerSymbol * store.Symbols.Count)
            + pool.Bytes + (2L * InternPoolEntry * pool.StringCount) + (64L * pool.FileCount)
            + (2L * 64 * store.Functions.InlinedCount)
            + (2L * RowWriter.BytesPerBlock * counts.Blocks) + (counts.Contexts / 2)
            + _mostOpenBytes + store.BufferBytes + (16L * Spill.BufferBytes);
        return new BuildReport(
            options.SourceSize,
            length,
            store.Functions.EntryCount,
            store.Functions.Count - store.Functions.EntryCount,
            counts.Rows,
            counts.Contexts,
            _names.Count,
            _files.Count,
            file.Faults.Total,
            store.SpilledBytes,
            peak);
    }

    private static long Align(long offset) => (offset + ScfSectionEntry.Alignment - 1) & -ScfSectionEntry.Alignment;
}
