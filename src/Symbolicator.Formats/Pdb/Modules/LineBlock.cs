using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Rows of one file that lie together in the module's stream.</summary>
internal struct LineBlock : IComparable<LineBlock>
{
    /// <summary>Number of the stretch of code that they belong to.</summary>
    public int Stretch;

    /// <summary>Lowest offset of a row in the section.</summary>
    public uint First;

    /// <summary>Highest offset of a row.</summary>
    public uint Last;

    /// <summary>Behind the code that its rows can cover.</summary>
    public uint Reach;

    /// <summary>Furthest reach of this block and those before it in the stretch.</summary>
    public uint ReachOfAll;

    /// <summary>Added to the offset of each row.</summary>
    public uint Base;

    public FileRef File;
    public int Count;

    /// <summary>Offset of the rows in the module's stream.</summary>
    public long Rows;

    /// <summary>Rows as Visual C++ up to 2003 wrote them: all offsets, then all lines in 16 bits.</summary>
    public bool IsC11;

    /// <summary>Rows ascend, so that some of them can be found without the others.</summary>
    public bool IsSorted;

    public readonly int CompareTo(LineBlock other)
    {
        int byStretch = Stretch.CompareTo(other.Stretch);
        int byFirst = byStretch != 0 ? byStretch : First.CompareTo(other.First);
        return byFirst != 0 ? byFirst : Rows.CompareTo(other.Rows);
    }
}

/// <summary>A row of a line table; it holds to the next one.</summary>
/// <param name="Address">As <see cref="SourceAddress"/>.</param>
/// <param name="Order">Of rows at one address the last one holds.</param>
/// <param name="File">None together with line 0 for hidden code.</param>
/// <param name="Line">1-based, 0 for code without a line.</param>
internal readonly record struct SourceRow(ulong Address, int Order, FileRef File, uint Line) : IComparable<SourceRow>
{
    public int CompareTo(SourceRow other)
    {
        int byAddress = Address.CompareTo(other.Address);
        return byAddress != 0 ? byAddress : Order.CompareTo(other.Order);
    }
}
