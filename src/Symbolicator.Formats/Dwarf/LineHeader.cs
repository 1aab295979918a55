using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Header of a line program (DWARF5 §6.2.4) with its file table. Reused from unit to unit. Files become ids when they
/// are first asked for: most files of a header have no code.
/// </summary>
internal sealed class LineHeader(DwarfSections sections, ParseLimits limits, InternPool names)
{
    private const int Unresolved = -1;

    private readonly List<AttributeValue> _directories = [];
    private readonly List<(AttributeValue Name, ulong Directory)> _files = [];
    private readonly List<int> _ids = [];
    private readonly List<(ulong Content, DwForm Form)> _format = [];
    private ByteRange _window;
    private DwarfUnit? _unit;
    private StringRef _compilationDirectory;

    public DwarfEncoding Encoding { get; private set; }

    public byte MinimumInstructionLength { get; private set; }

    public byte MaximumOperations { get; private set; }

    public sbyte LineBase { get; private set; }

    public byte LineRange { get; private set; }

    public byte OpcodeBase { get; private set; }

    /// <summary>Number of operands of each standard opcode, by opcode.</summary>
    public byte[] OpcodeLengths { get; } = new byte[256];

    /// <summary>Position of the first opcode.</summary>
    public int ProgramStart { get; private set; }

    /// <summary>Bytes of the header alone.</summary>
    public long HeaderLength => ProgramStart;

    /// <summary>Bytes of header and program.</summary>
    public long Length => _window.Length;

    /// <summary>The whole line program of the unit, at a position.</summary>
    public ByteReader ReaderAt(int position)
    {
        var section = sections.Line;
        var reader = new ByteReader(Window, sections.BigEndian, section.Range.Offset + _window.Offset);
        reader.Seek((ulong)position);
        return reader;
    }

    /// <summary>
    /// Reads the header of a unit's line program. Where it fails the files read before are kept for inlined calls.
    /// </summary>
    /// <returns>The first fault, or none: only then <see cref="LineProgram"/> has something to run.</returns>
    public ParseFault Read(DwarfUnit unit)
    {
        Clear();
        _unit = unit;
        var whole = sections.Line.ReaderAt(unit.LineOffset, sections.BigEndian);
        ulong length = UnitHeader.ReadLength(ref whole, out bool is64, out _);
        if (!whole.Fault.IsNone)
        {
            return whole.Fault;
        }

        int start = whole.Position;
        _window = new ByteRange((long)unit.LineOffset, start + (long)length);
        var reader = ReaderAt(start);
        ushort version = reader.ReadU16();
        if (reader.Fault.IsNone && version is < 2 or > 5)
        {
            reader.Fail(MalformedReason.BadVersion);
        }

        Encoding = new DwarfEncoding(version, unit.Encoding.AddressSize, is64);
        if (version >= 5)
        {
            byte addressSize = reader.ReadU8();
            reader.Skip(1); // segment_selector_size
            if (!DwarfEncoding.IsAddressSize(addressSize))
            {
                reader.Fail(MalformedReason.BadValue);
            }

            Encoding = new DwarfEncoding(version, addressSize, is64);
        }

        ulong headerLength = Encoding.ReadOffset(ref reader);
        if (headerLength > (ulong)reader.Remaining)
        {
            reader.Fail(MalformedReason.OutOfRange);
        }

        if (!reader.Fault.IsNone)
        {
            return reader.Fault;
        }

        ProgramStart = reader.Position + (int)headerLength;
        ReadTables(ref reader);
        return reader.Fault;
    }

    /// <summary>
    /// The file that a row or an inlined call names; none for an index outside of the table. Version 5 counts from 0,
    /// older ones from 1, with 0 for "no file".
    /// </summary>
    public FileRef GetFile(ulong index)
    {
        if (Encoding.Version < 5)
        {
            index = unchecked(index - 1);
        }

        if (index >= (ulong)_files.Count)
        {
            return default;
        }

        int id = _ids[(int)index];
        if (id == Unresolved)
        {
            id = Resolve(_files[(int)index]).Id;
            _ids[(int)index] = id;
        }

        return new FileRef(id);
    }

    /// <summary>Adds a file that the program defines (DW_LNE_define_file).</summary>
    public void DefineFile(ref ByteReader reader)
    {
        if (ReadOldFile(ref reader, out var file))
        {
            AddFile(ref reader, file);
        }
    }

    public void Clear()
    {
        _directories.Clear();
        _files.Clear();
        _ids.Clear();
        _unit = null;
        _window = default;
        _compilationDirectory = default;
        Encoding = default;
        ProgramStart = 0;
    }

    private ReadOnlySpan<byte> Window =>
        sections.Line.TryWindow((ulong)_window.Offset, (ulong)_window.Length, out var window) ? window : default;

    private void ReadTables(ref ByteReader reader)
    {
        MinimumInstructionLength = reader.ReadU8();
        MaximumOperations = Encoding.Version >= 4 ? Math.Max((byte)1, reader.ReadU8()) : (byte)1;
        reader.Skip(1); // default_is_stmt
        LineBase = reader.ReadS8();
        LineRange = reader.ReadU8();
        OpcodeBase = reader.ReadU8();
        Array.Clear(OpcodeLengths);
        for (int opcode = 1; opcode < OpcodeBase; opcode++)
        {
            OpcodeLengths[opcode] = reader.ReadU8();
        }

        if (Encoding.Version >= 5)
        {
            ReadEntries(ref reader, isFiles: false);
            ReadEntries(ref reader, isFiles: true);
        }
        else
        {
            ReadOldEntries(ref reader);
        }
    }

    private void ReadOldEntries(ref ByteReader reader)
    {
        while (!reader.AtEnd)
        {
            int at = reader.Position;
            if (reader.ReadCString().IsEmpty)
            {
                break;
            }

            if (_directories.Count == limits.LineFiles)
            {
                reader.Fail(MalformedReason.CountOverLimit);
                return;
            }

            _directories.Add(new AttributeValue(ValueKind.TextAt, (ulong)at));
        }

        while (ReadOldFile(ref reader, out var file))
        {
            AddFile(ref reader, file);
        }
    }

    private static bool ReadOldFile(ref ByteReader reader, out (AttributeValue Name, ulong Directory) file)
    {
        int at = reader.Position;
        file = default;
        if (reader.ReadCString().IsEmpty)
        {
            return false;
        }

        file = (new AttributeValue(ValueKind.TextAt, (ulong)at), reader.ReadUleb128());
        reader.SkipLeb128(); // modification time
        reader.SkipLeb128(); // bytes
        return reader.Fault.IsNone;
    }

    /// <summary>Reads directories or files of version 5, whose fields the header itself describes.</summary>
    private void ReadEntries(ref ByteReader reader, bool isFiles)
    {
        _format.Clear();
        int size = 0;
        for (int fields = reader.ReadU8(); fields > 0; fields--)
        {
            ulong content = reader.ReadUleb128();
            ulong form = reader.ReadUleb128();
            var known = form > ushort.MaxValue ? DwForm.None : (DwForm)form;
            if (FormReader.FixedSize(known, Encoding) == 0)
            {
                continue; // says nothing, and would cost time without bytes
            }

            _format.Add((content, known));
            size += FormReader.SmallestSize(known, Encoding);
        }

        ulong declared = reader.ReadUleb128();
        if (declared != 0 && size == 0)
        {
            reader.Fail(MalformedReason.BadValue); // entries without bytes could be any number
            return;
        }

        int count = declared == 0 ? 0 : reader.CheckCount(declared, size, limits.LineFiles);
        for (int i = 0; i < count && reader.Fault.IsNone; i++)
        {
            var path = default(AttributeValue);
            ulong directory = 0;
            foreach (var (content, form) in _format)
            {
                var value = FormReader.Read(ref reader, form, 0, Encoding);
                if (content == (ulong)DwLnct.Path)
                {
                    path = value;
                }
                else if (content == (ulong)DwLnct.DirectoryIndex)
                {
                    value.TryGetConstant(out directory);
                }
            }

            if (isFiles)
            {
                AddFile(ref reader, (path, directory));
            }
            else
            {
                _directories.Add(path);
            }
        }
    }

    private void AddFile(ref ByteReader reader, in (AttributeValue Name, ulong Directory) file)
    {
        if (_files.Count == limits.LineFiles)
        {
            reader.Fail(MalformedReason.CountOverLimit);
            return;
        }

        _files.Add(file);
        _ids.Add(Unresolved);
    }

    /// <summary>
    /// Parts of a path as stored. Directory 0 is the compilation directory: implied before version 5, and in version 5
    /// repeated in the table, from where it is taken when it says something else than the unit.
    /// </summary>
    private FileRef Resolve(in (AttributeValue Name, ulong Directory) file)
    {
        var unit = _unit!;
        if (_compilationDirectory.IsNone)
        {
            _compilationDirectory = names.Intern(unit.GetText(unit.CompilationDirectory));
        }

        var compilation = _compilationDirectory;
        var name = names.Intern(unit.GetText(file.Name, Window));
        ulong index = Encoding.Version >= 5 ? file.Directory : unchecked(file.Directory - 1);
        var directory = Directory(index);
        if (Encoding.Version >= 5)
        {
            compilation = compilation.IsNone ? Directory(0) : compilation;
            directory = directory == compilation ? default : directory;
        }

        return names.InternFile(new FilePath(compilation, directory, name));
    }

    private StringRef Directory(ulong index) =>
        index < (ulong)_directories.Count ? names.Intern(_unit!.GetText(_directories[(int)index], Window)) : default;
}
