using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>Writes the subsections with line information of a module (C13).</summary>
public sealed class CodeViewLines
{
    private readonly ByteBuilder _subsections = new();
    private readonly ByteBuilder _files = new();

    /// <summary>Adds a file; what line information calls it is returned. The list is written by <see cref="ToArray"/>.</summary>
    /// <param name="path">Offset of its path in the names stream.</param>
    /// <param name="checksum">Bytes of the checksum.</param>
    public uint File(uint path, params ReadOnlySpan<byte> checksum)
    {
        uint offset = (uint)_files.Length;
        _files.U32(path).U8(checksum.Length).U8(checksum.Length == 0 ? 0 : 1).Bytes(checksum).Align(4);
        return offset;
    }

    /// <summary>DEBUG_S_LINES of one file.</summary>
    public CodeViewLines Lines(uint offset, uint size, uint file, params (uint Offset, uint Line)[] rows) =>
        Lines(offset, size, section: 1, hasColumns: false, (file, rows));

    /// <summary>DEBUG_S_LINES with blocks of several files; offsets of rows count from that of the code.</summary>
    public CodeViewLines Lines(
        uint offset, uint size, ushort section, bool hasColumns, params (uint File, (uint Offset, uint Line)[] Rows)[] blocks)
    {
        var content = new ByteBuilder().U32(offset).U16(section).U16(hasColumns ? 1 : 0).U32(size);
        foreach (var (file, rows) in blocks)
        {
            content.U32(file).U32((uint)rows.Length).U32((uint)(12 + (rows.Length * (hasColumns ? 12 : 8))));
            foreach (var (at, line) in rows)
            {
                content.U32(at).U32(line | 0x8000_0000); // the highest bit tells statements from expressions
            }

            for (int i = 0; hasColumns && i < rows.Length; i++)
            {
                content.U16(i + 1).U16(i + 2);
            }
        }

        return Subsection(0xf2, content.ToArray());
    }

    /// <summary>DEBUG_S_INLINEELINES.</summary>
    public CodeViewLines Inlinees(params (uint Inlinee, uint File, uint Line)[] entries)
    {
        var content = new ByteBuilder().U32(0);
        foreach (var (inlinee, file, line) in entries)
        {
            content.U32(inlinee).U32(file).U32(line);
        }

        return Subsection(0xf6, content.ToArray());
    }

    /// <summary>DEBUG_S_INLINEELINES with files besides the first.</summary>
    public CodeViewLines InlineesWithExtraFiles(params (uint Inlinee, uint File, uint Line, uint[] Extra)[] entries)
    {
        var content = new ByteBuilder().U32(1);
        foreach (var (inlinee, file, line, extra) in entries)
        {
            content.U32(inlinee).U32(file).U32(line).U32((uint)extra.Length);
            foreach (uint other in extra)
            {
                content.U32(other);
            }
        }

        return Subsection(0xf6, content.ToArray());
    }

    public CodeViewLines Subsection(uint kind, byte[] content)
    {
        _subsections.U32(kind).U32((uint)content.Length).Bytes(content).Align(4);
        return this;
    }

    /// <summary>All subsections, the list of files last, as it may be.</summary>
    public byte[] ToArray() => new ByteBuilder().Bytes(_subsections.ToArray())
        .U32(0xf4).U32((uint)_files.Length).Bytes(_files.ToArray()).ToArray();
}
