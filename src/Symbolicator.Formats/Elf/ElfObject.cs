using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>One ELF image or debug file.</summary>
public sealed class ElfObject : IObjectFile
{
    private readonly FileBytes _file;
    private readonly ParseLimits _limits;
    private readonly ElfEncoding _encoding;
    private readonly ElfHeader _header;
    private readonly ElfSections _sections;
    private readonly ElfSymbols _symbols;
    private readonly ElfDwarf _dwarf;
    private int _disposed;

    private ElfObject(FileBytes file, ParseLimits limits, ElfEncoding encoding, in ElfHeader header)
    {
        _file = file;
        _limits = limits;
        _encoding = encoding;
        _header = header;
        var segments = ElfSegments.Read(file, header, encoding, limits);
        _sections = ElfSections.Read(file, header, encoding, limits, Faults, out bool cut);
        IsMalformed = cut | LogCutSections();
        ImageBase = segments.ImageBase;
        ImageSize = segments.ImageSize;
        var code = new ElfCode(_sections, segments, sectionsAreComplete: !cut);
        var dynamic = ElfDynamic.Read(file, segments, encoding, header.Machine);
        _symbols = new ElfSymbols(header, encoding, limits, _sections, code, ImageBase, FindTables(dynamic));
        Arch = ElfArch.Of(header, encoding);
        _dwarf = new ElfDwarf(_sections, code, encoding, header.Type, Arch.Family(), ImageBase);
        Kind = FindKind(segments, dynamic);
        Features = FindFeatures();
        var name = dynamic.SharedObjectName(limits);
        Name = name.IsEmpty ? null : Encoding.UTF8.GetString(name);
        Links = ElfLinks.Read(_sections, encoding, Faults);

        var buildId = ElfNotes.FindBuildId(file, segments, _sections, encoding, Faults);
        Span<byte> hash = stackalloc byte[16];
        if (!buildId.IsEmpty)
        {
            CodeId = Model.CodeId.FromBytes(buildId);
            DebugId = Model.DebugId.FromBuildId(buildId, encoding.BigEndian);
        }
        else if (ElfNotes.TryHashCode(_sections, hash))
        {
            DebugId = Model.DebugId.FromBuildId(hash, encoding.BigEndian);
        }
    }

    public FileFormat Format => FileFormat.Elf;

    public ObjectKind Kind { get; }

    public Arch Arch { get; }

    public CodeId? CodeId { get; }

    public DebugId? DebugId { get; }

    public string? Name { get; }

    public ulong ImageBase { get; }

    public ulong ImageSize { get; }

    public ObjectFeatures Features { get; }

    public bool IsMalformed { get; private set; }

    public FaultLog Faults { get; } = new();

    public IReadOnlyList<ObjectLink> Links { get; }

    /// <exception cref="MalformedFileException">The identification, the header or the program headers are damaged.</exception>
    internal static ElfObject Open(FileBytes file, ParseLimits limits)
    {
        file.TrySlice(new ByteRange(0, Math.Min(64, file.Length)), out var window);
        var encoding = ElfEncoding.Read(window);
        var reader = new ByteReader(window, encoding.BigEndian);
        var header = ElfHeader.Read(ref reader, encoding);
        reader.ThrowIfFaulted(FileFormat.Elf, "header");

        file = file.Retain();
        try
        {
            return new ElfObject(file, limits, encoding, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public ISymbolCursor OpenSymbols(InternPool names) => new ElfSymbolCursor(_symbols, names, Faults);

    public IDebugSession? OpenDebugSession(InternPool names)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return DebugSections() is { } sections ? new DwarfDebugSession(sections, names, _limits, Faults) : null;
    }

    /// <inheritdoc cref="ElfDwarf.DebugSections"/>
    internal DwarfSections? DebugSections() => _dwarf.DebugSections();

    public IUnwindTable? OpenUnwindTable()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _dwarf.FrameSections() is { } sections ? DwarfFrameTable.Open(sections, _limits, Faults) : null;
    }

    public ICodeView? OpenCode()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var sections = _dwarf.CodeSections();
        return sections.Count == 0 ? null : new SectionCode(ImageBase, sections);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _sections.Dispose();
            _file.Dispose();
        }
    }

    /// <summary>The file ends before what the section headers promise; what there is of it is used.</summary>
    private bool LogCutSections()
    {
        bool cut = false;
        foreach (ref readonly var section in _sections.All)
        {
            if (section.HasBytes && !_file.All.TrySlice(section.Offset, section.Size, out _))
            {
                Faults.Add(new ParseFault(MalformedReason.Truncated, _file.Length), "section");
                cut = true;
            }
        }

        return cut;
    }

    private List<ElfSymbolTable> FindTables(ElfDynamic dynamic)
    {
        var tables = new List<ElfSymbolTable>();
        if (TryReadTable(ElfSectionType.Symbols, out var table))
        {
            tables.Add(table);
        }

        if (TryReadTable(ElfSectionType.DynamicSymbols, out table) || dynamic.TryFindSymbols(out table))
        {
            tables.Add(Limited(table));
        }

        return tables;
    }

    private bool TryReadTable(ElfSectionType type, out ElfSymbolTable table)
    {
        table = default;
        int index = _sections.Find(type);
        if (index < 0 || !_sections.TryRead(index, out var entries, out _))
        {
            return false;
        }

        ref readonly var header = ref _sections.All[index];
        int size = ElfSymbol.SizeOf(_encoding);
        bool linked = header.Link != index && header.Link < _sections.All.Length;
        if (header.EntrySize > 4096 || (header.EntrySize != 0 && header.EntrySize < (ulong)size)
            || !linked || !_sections.TryRead((int)header.Link, out var strings, out _))
        {
            Faults.Add(new ParseFault(MalformedReason.BadValue, entries.Range.Offset), "symbol table");
            IsMalformed = true;
            return false;
        }

        table = Limited(new ElfSymbolTable(entries, strings, header.EntrySize == 0 ? size : (int)header.EntrySize));
        return table.Count > 1;
    }

    private ElfSymbolTable Limited(ElfSymbolTable table)
    {
        if (table.Count <= _limits.Symbols)
        {
            return table;
        }

        Faults.Add(new ParseFault(MalformedReason.CountOverLimit, table.Entries.Range.Offset), "symbol table");
        IsMalformed = true;
        table.Entries.Range.TrySlice(0, (ulong)_limits.Symbols * (ulong)table.EntrySize, out var range);
        return table with { Entries = table.Entries with { Range = range } };
    }

    private ObjectKind FindKind(ElfSegments segments, ElfDynamic dynamic)
    {
        bool hasText = _sections.Find(".text"u8) >= 0;
        switch (_header.Type)
        {
            case ElfType.None:
                return ObjectKind.None;
            case ElfType.Relocatable:
                return ObjectKind.Relocatable;
            case ElfType.Executable:
                // Separate debug files keep the type of their image but neither its interpreter nor its code.
                return hasText || HasInterpreter(segments) ? ObjectKind.Executable : ObjectKind.Debug;
            case ElfType.Dynamic:
                return !hasText && _sections.All.Length > 0 ? ObjectKind.Debug
                    : dynamic.IsProgram ? ObjectKind.Executable : ObjectKind.Library;
            case ElfType.Core:
                return ObjectKind.Dump;
            case ElfType.SonyExecutable:
                return ObjectKind.Executable;
            case ElfType.SonyDynamic:
                return ObjectKind.Library;
            default:
                return ObjectKind.Other;
        }
    }

    private static bool HasInterpreter(ElfSegments segments)
    {
        foreach (ref readonly var segment in segments.All)
        {
            if (segment.Type == ElfSegmentType.Interpreter && segment.FileSize != 0)
            {
                return true;
            }
        }

        return false;
    }

    private ObjectFeatures FindFeatures()
    {
        var features = _symbols.Tables.Count > 0 ? ObjectFeatures.Symbols : ObjectFeatures.None;
        if (_sections.Find(".debug_info"u8) >= 0 || _sections.Find(".zdebug_info"u8) >= 0)
        {
            features |= ObjectFeatures.DebugInfo;
        }

        if (_sections.Find(".eh_frame"u8) >= 0 || _sections.Find(".debug_frame"u8) >= 0 || _sections.Find(".zdebug_frame"u8) >= 0)
        {
            features |= ObjectFeatures.UnwindInfo;
        }

        return features;
    }
}
