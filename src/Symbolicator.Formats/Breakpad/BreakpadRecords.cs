using System.Text;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>Kinds of lines, by their first word. Everything else is a line record or rubbish.</summary>
internal enum BreakpadRecordKind : byte
{
    Other,
    Module,
    Info,
    File,
    InlineOrigin,
    Func,
    Inline,
    Public,
    Stack,
}

/// <summary>Recognition of records.</summary>
internal static class BreakpadRecord
{
    /// <summary>What stands for a function or symbol without a name.</summary>
    public static ReadOnlySpan<byte> Unnamed => "<unknown>"u8;

    /// <param name="line">A whole line.</param>
    /// <param name="fields">What follows the first word.</param>
    public static BreakpadRecordKind Classify(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> fields)
    {
        int space = line.IndexOfAny((byte)' ', (byte)'\t');
        var word = space < 0 ? line : line[..space];
        fields = space < 0 ? default : line[(space + 1)..];
        var kind = word switch
        {
            _ when word.Length < 4 => BreakpadRecordKind.Other,
            _ when word.SequenceEqual("FUNC"u8) => BreakpadRecordKind.Func,
            _ when word.SequenceEqual("PUBLIC"u8) => BreakpadRecordKind.Public,
            _ when word.SequenceEqual("STACK"u8) => BreakpadRecordKind.Stack,
            _ when word.SequenceEqual("INLINE"u8) => BreakpadRecordKind.Inline,
            _ when word.SequenceEqual("INLINE_ORIGIN"u8) => BreakpadRecordKind.InlineOrigin,
            _ when word.SequenceEqual("FILE"u8) => BreakpadRecordKind.File,
            _ when word.SequenceEqual("INFO"u8) => BreakpadRecordKind.Info,
            _ when word.SequenceEqual("MODULE"u8) => BreakpadRecordKind.Module,
            _ => BreakpadRecordKind.Other,
        };
        return kind;
    }

    /// <summary>The end of a range that may leave the address space.</summary>
    public static ulong EndOf(ulong address, ulong size) => size > ulong.MaxValue - address ? ulong.MaxValue : address + size;
}

/// <summary><c>MODULE os arch id name</c>; the name may be absent and may contain blanks.</summary>
internal readonly record struct ModuleRecord(bool IsWindows, Arch Arch, DebugId? DebugId, string? Name)
{
    public static bool TryParse(ReadOnlySpan<byte> fields, out ModuleRecord record)
    {
        record = default;
        var tokens = new FieldReader(fields);
        if (!tokens.TryNext(out var system) || !tokens.TryNext(out var arch) || !tokens.TryNext(out var id)
            || id.Length > 64 || !Model.DebugId.TryParse(Encoding.ASCII.GetString(id), out var debugId))
        {
            return false;
        }

        var name = tokens.Rest.TrimEnd((byte)' ');
        record = new ModuleRecord(
            Ascii.EqualsIgnoreCase(system, "windows"u8),
            ArchNames.Parse(Encoding.ASCII.GetString(arch)),
            debugId.IsNil ? null : debugId,
            name.IsEmpty ? null : Encoding.UTF8.GetString(name));
        return true;
    }
}

/// <summary><c>FUNC [m] address size parameter_size name</c>.</summary>
internal readonly ref struct FuncRecord(ulong address, ulong size, ReadOnlySpan<byte> name)
{
    public ulong Address { get; } = address;

    /// <summary>Bytes; 0 when the producer did not know.</summary>
    public ulong Size { get; } = size;

    public ReadOnlySpan<byte> Name { get; } = name;

    public static bool TryParse(ReadOnlySpan<byte> fields, out FuncRecord record)
    {
        record = default;
        var tokens = new FieldReader(fields);
        tokens.TrySkip("m"u8);
        if (!tokens.TryHex(out ulong address) || !tokens.TryHex(out ulong size) || !tokens.TryHex(out ulong _))
        {
            return false;
        }

        var name = tokens.Rest;
        record = new FuncRecord(address, size, name.IsEmpty ? BreakpadRecord.Unnamed : name);
        return true;
    }
}

/// <summary><c>PUBLIC [m] address parameter_size name</c>.</summary>
internal readonly ref struct PublicRecord(ulong address, ReadOnlySpan<byte> name)
{
    public ulong Address { get; } = address;

    public ReadOnlySpan<byte> Name { get; } = name;

    public static bool TryParse(ReadOnlySpan<byte> fields, out PublicRecord record)
    {
        record = default;
        var tokens = new FieldReader(fields);
        tokens.TrySkip("m"u8);
        if (!tokens.TryHex(out ulong address) || !tokens.TryHex(out ulong _))
        {
            return false;
        }

        var name = tokens.Rest;
        record = new PublicRecord(address, name.IsEmpty ? BreakpadRecord.Unnamed : name);
        return true;
    }
}

/// <summary><c>address size line file</c>. A line out of range is 0; the file may be absent.</summary>
internal readonly record struct LineRecord(ulong Address, ulong Size, uint Line, uint? File)
{
    public static bool TryParse(ReadOnlySpan<byte> line, out LineRecord record)
    {
        record = default;
        var tokens = new FieldReader(line);
        if (!tokens.TryHex(out ulong address) || !tokens.TryHex(out ulong size) || !tokens.TryDecimal(out uint? number))
        {
            return false;
        }

        tokens.TryDecimal(out uint? file);
        record = new LineRecord(address, size, number ?? 0, file);
        return true;
    }
}

/// <summary>
/// <c>INLINE depth call_line call_file origin (address size)+</c>, or without the call file as older producers write it.
/// </summary>
internal readonly ref struct InlineRecord(uint depth, uint callLine, uint? callFile, uint? origin, ReadOnlySpan<byte> ranges)
{
    public uint Depth { get; } = depth;

    public uint CallLine { get; } = callLine;

    public uint? CallFile { get; } = callFile;

    public uint? Origin { get; } = origin;

    /// <summary>Pairs of address and size.</summary>
    public ReadOnlySpan<byte> Ranges { get; } = ranges;

    /// <param name="fields">What follows the first word.</param>
    /// <param name="withFile">False in files of older producers, see <see cref="BreakpadIndex.OriginsHaveFiles"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> fields, bool withFile, out InlineRecord record)
    {
        record = default;
        var tokens = new FieldReader(fields);
        uint? file = null;
        if (!tokens.TryDecimal(out uint? depth) || depth is null || !tokens.TryDecimal(out uint? callLine)
            || (withFile && !tokens.TryDecimal(out file))
            || !tokens.TryDecimal(out uint? origin) || tokens.AtEnd)
        {
            return false;
        }

        record = new InlineRecord(depth.Value, callLine ?? 0, file, origin, tokens.Rest);
        return true;
    }
}
