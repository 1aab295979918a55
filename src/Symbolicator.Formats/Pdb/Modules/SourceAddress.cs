using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Section and offset in one number, so that intervals of code compare and nest before they are translated to the
/// image. An interval never reaches into the next section.
/// </summary>
internal static class SourceAddress
{
    public static ulong Of(ushort section, uint offset) => ((ulong)section << 32) | offset;

    public static ushort SectionOf(ulong address) => (ushort)(address >> 32);

    public static uint OffsetOf(ulong address) => unchecked((uint)address);

    /// <summary>The interval of a length, cut before the last address of the section.</summary>
    public static AddressRange Range(ulong start, ulong length) =>
        new(start, start + Math.Min(length, uint.MaxValue - OffsetOf(start)));

    /// <summary>Appends where an interval is in the image.</summary>
    public static void AddTo(List<AddressRange> ranges, PdbAddressMap map, ulong start, ulong end) =>
        map.AddRanges(SectionOf(start), OffsetOf(start), (uint)Math.Min(end - start, uint.MaxValue), ranges);
}

/// <summary>A stretch of code with its file and line.</summary>
/// <param name="Start">As <see cref="SourceAddress"/>.</param>
/// <param name="End">Behind it.</param>
/// <param name="File">None together with line 0 for hidden code.</param>
/// <param name="Line">1-based, 0 for code without a line.</param>
internal readonly record struct LinePiece(ulong Start, ulong End, FileRef File, uint Line);
