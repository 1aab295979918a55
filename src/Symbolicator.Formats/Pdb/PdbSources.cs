namespace Symbolicator.Formats.Pdb;

/// <summary>Where a PDB tells how to find the sources.</summary>
internal static class PdbSources
{
    private const string SourceServerStream = "srcsrv";
    private const string SourceLinkStream = "sourcelink";

    /// <summary>A map of paths to servers, written after linking (<c>srcsrv</c>) or by the linker (<c>sourcelink</c>).</summary>
    public static bool Exist(PdbFile pdb) =>
        pdb.Msf.LengthOf(pdb.Info.FindStream(SourceServerStream)) > 0 || pdb.Msf.LengthOf(pdb.Info.FindStream(SourceLinkStream)) > 0
        || pdb.Msf.LengthOf(pdb.Info.FindStream(SourceLinkStream + "$1")) > 0;
}
