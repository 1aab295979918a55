namespace Symbolicator.Formats.Pdb;

/// <summary>Streams with tables of the image, in the order in which the DBI stream lists their numbers.</summary>
internal enum PdbImageStream
{
    Fpo = 0, // dbgtypeFPO
    OmapToSource = 3, // dbgtypeOmapToSrc
    OmapFromSource = 4, // dbgtypeOmapFromSrc
    SectionHeaders = 5, // dbgtypeSectionHdr
    NewFpo = 9, // dbgtypeNewFPO
    OriginalSectionHeaders = 10, // dbgtypeSectionHdrOrig
}
