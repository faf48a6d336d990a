"""Step 1c, continued: is a text scientific prose, where terms of art may be garbled?

A garbled term ("counterfeit consciousness") leaves no more than two odd words in an honest text, and honest words are
odd as often: nothing cheap tells it.  But rewriters of papers write papers: only texts that use the words of abstracts
have their expressions looked up.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaner.screen import Hashes, Words, slots, words

# Words of abstracts, of all sciences and of single ones.
TECHNICAL = """
absorption abstract accuracy achieve achieved achieves acid adsorption aim aims algebra algebraic algorithm algorithms
allele alleles alloy amplitude analyse analysed analyses analysis analytical analyze analyzed anemia annotation anode
antibiotic antibiotics antibody antigen api apoptosis apparatus applicability approach approaches approximation
architecture article assay assays assess assessed assessment asymptotic atomic atoms audit authentication automatic
autosomal axiom bacteria bacterial bandwidth baseline behaviour benchmark biomarker biomarkers biomass boundary bounded
broadband cache calculated carcinoma carcinomas catalyst cathode cdna cell cells cellular characteristics characterized
chemical chromatography chromosome chromosomes classification classifier clinical clustering coating cochlear
coefficient cohort comorbidity compact comparative comparison compiler composite compound compounds computation
computational computed concentration concentrations conclusion conclusions concurrency conducted conductivity congenital
conjecture considered consists converge convergence converges correlate correlated correlation corresponding crystal
crystalline curvature curve curves data dataset datasets decoder decomposition defined degradation dehydrogenase
deletion deletions demonstrate demonstrated demonstrates density deployment derivative derived describe described
detected detection determine determined diabetes diagnosis diagnostic diameter dielectric differential diffusion
dimension dimensional discrete discussed distribution domain dose dynamic dynamics effectiveness efficacy efficiency
efficient eigenvalue eigenvalues electrode electrodes electron electronic electrophoresis elliptic embedded emission
empirical employed encoder encryption endothelial energy enhancement enzyme enzymes epithelial equation equations error
estimate estimated estimation etiology euclidean evaluate evaluated evaluation evidence examined excitation exon exons
experiment experimental experimentally experiments expression extraction feature features fetal fiber fibrosis filter
filtering findings finite fluid fluorescence formula formulation fractionation frameshift framework frequency function
functional functions furthermore fuzzy gene generated genes genetic genome genomic genotype genotypes genotyping
geometric geometries geometry germline glucose gradient graph graphical graphs haplotype hemolytic hepatic hereditary
heterogeneous heterozygous heuristic heuristics histological histology homogeneous homozygous hybrid hypertension
hypothesis identified imaging immune implementation implemented improves incidence indexing induced inequality inference
infinite influence infrared inherited inhibition inhibitor input integer integral integration intensity intron invariant
invasive investigate investigated investigates investigation ionic ions ischemic isomorphism iterative kernel kinase
kinetic kinetics laboratory laser latency lattice layer layers lemma lesion lesions ligand linear lipid liquid
literature localization locus logistic magnetic manifold manifolds mapping mass material materials maternal matrices
matrix mechanism mechanisms membrane metabolic metabolism metastasis metastatic method methodology methods metric
metrics mice microscopy microstructure middleware mining missense mitochondrial model modeling modelling models
modulation modulus molecular molecule molecules monitoring monotone moreover morphology mortality mucosal multimedia
multivariate mutant mutation mutations myocardial nanoparticles neonatal network networks neural neuronal neurons node
nodes nonlinear nonlinearity novel nuclear nucleotide numerical numerically obesity objective observed obtain obtained
ontology operator operators optical optimal optimization orthogonal oscillation outcomes outperforms output ovarian
oxidation oxide oxygen packet paper parallel parameter parameters parsing particle particles pathogen pathogenesis
pathogenic pathological pathology pathway pathways patient patients penetrance peptide performance performed
perioperative phase phenomena phenomenon phenotype phenotypes photon pixel pixels placebo plasma plasmid platelet
polymer polymers polymorphism polymorphisms polynomial polynomials postoperative predict predicted prediction presented
presents prevalence probability procedure prognosis proof proofs properties propose proposed proposes prostatic protein
proteins proteomic protocol protocols prove proved proven provides pulmonary quantitative quantum queries query
questionnaire radiation random randomized ratio rational rats reaction reactions receptor receptors recessive
recognition recursive reduction regression reliability renal representation resonance respect respectively respiratory
results retrieval retrospective retrospectively rna robotic robust robustness routing sample samples scalar scattering
scheduling schema scheme secretion segmentation semantic semigroup sensitivity sensor sensors sequencing serum server
servers shown signal significant significantly simulated simulation simulations singular smooth software soil solution
solvent spatial species specimen specimens spectra spectral spectroscopy spectrum splice statistical statistically
stochastic storage strain strategy structural studied studies study subgroup subjects substrate subtype surface surgical
susceptibility symmetric symmetry symptom symptoms syndrome syntactic syntax synthesis synthesized system systems
taxonomy technique techniques temporal tensor theorem theorems theoretical therapeutic therapy thermal thermodynamic
thrombosis throughput tissue tissues topological topology training transcript transcription transfusion transistor
transmission treated treatment tumor tumour turbulence turbulent tutorial ultrasound usability utilized utilizing
validate validated validation values variables variance variant variants vascular vector vectors velocity verification
vertex vertices viscosity vitro vivo voltage wavelength wavelet wavelets whereas wireless workflow
"""
SCIENTIFIC = 0.05  # the share of technical words from which prose is scientific
_ROWS = 1 << 16
_DOUBT = 20  # words of honest prose that each text is given, so that few words prove nothing


@cache
def _table() -> tuple[Hashes, NDArray[np.bool_]]:
    """The hashes of the words, ascending, and the rows that they are in."""
    hashes = np.sort(words([TECHNICAL]).hashes)
    taken = np.zeros(_ROWS, np.bool_)
    taken[slots(hashes, _ROWS)] = True
    return hashes, taken


def technical(found: Words, texts: int) -> NDArray[np.float64]:
    """The share (0..1) of technical words in each of so many `texts`, whose words are `found`."""
    hashes, taken = _table()
    maybe = np.flatnonzero(taken.take(slots(found.hashes, _ROWS)))
    at = np.minimum(hashes.searchsorted(found.hashes[maybe]), len(hashes) - 1)
    hit = maybe[hashes[at] == found.hashes[maybe]]
    count = np.bincount(found.text[hit], minlength=texts)
    return np.asarray(count / (np.bincount(found.text, minlength=texts) + _DOUBT))
